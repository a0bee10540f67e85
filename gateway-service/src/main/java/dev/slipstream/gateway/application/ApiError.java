package dev.slipstream.gateway.application;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Every way in which a request can fail; mapped once to HTTP and once to gRPC. */
public sealed interface ApiError {
  /** Longest message, in characters. */
  int LONGEST_MESSAGE = 1000;

  /** Longest name of a parameter. */
  int LONGEST_PARAM = 200;

  /** For people: what was wrong and, where it can be said, what to do. */
  String message();

  /**
   * The request asks for something that cannot be.
   *
   * @param param the field, as in {@code messages[0].content}; null if it is no single one
   * @param code for programs; null if there is none
   */
  record Invalid(String message, @Nullable String param, @Nullable String code)
      implements ApiError {
    public Invalid {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
      param = param == null ? null : ErrorText.shortened(param, LONGEST_PARAM);
    }
  }

  /** Prompt and answer do not fit the model's context. */
  record ContextExceeded(String message, @Nullable String param) implements ApiError {}

  record UnknownModel(String message) implements ApiError {
    public UnknownModel {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
    }
  }

  /** Everything is busy now. */
  record Busy(String message, Duration retryAfter) implements ApiError {
    public Busy {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
    }
  }

  /** All that this gateway can hold is taken, and not by this client. */
  record Overloaded(String message, Duration retryAfter) implements ApiError {}

  /** The API key is missing or wrong. */
  record Unauthenticated(String message) implements ApiError {}

  /** No target can be reached. */
  record Unavailable(String message) implements ApiError {
    public Unavailable {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
    }
  }

  /** The answer took longer than this gateway allows. */
  record TimedOut(String message) implements ApiError {
    public TimedOut {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
    }
  }

  /** A defect, here or in a target. */
  record Internal(String message) implements ApiError {
    public Internal {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
    }
  }

  /** This gateway has too little memory. */
  record Exhausted(String message) implements ApiError {}

  /** Targets fail over the request, so that it comes to no other one for a while. */
  record Quarantined(String message) implements ApiError {
    public Quarantined {
      message = ErrorText.shortened(message, LONGEST_MESSAGE);
    }
  }
}
