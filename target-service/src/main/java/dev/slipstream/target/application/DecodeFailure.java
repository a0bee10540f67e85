package dev.slipstream.target.application;

import java.time.Duration;

/** Why a sequence has no (further) answer. */
public sealed interface DecodeFailure {
  /** For people. */
  String message();

  /** Too many wait already; it may work again after a while. */
  record QueueFull(int waiting, Duration retryAfter) implements DecodeFailure {
    @Override
    public String message() {
      return "%d requests are waiting already; try again in %d ms"
          .formatted(waiting, retryAfter.toMillis());
    }
  }

  /** The prompt leaves no room for an answer. */
  record PromptTooLong(int promptTokens, int contextLength) implements DecodeFailure {
    @Override
    public String message() {
      return "the prompt has %d tokens, but the context holds %d, of which the answer needs one"
          .formatted(promptTokens, contextLength);
    }
  }

  /** A text to be scored does not fit. */
  record ContinuationTooLong(int tokens, int contextLength) implements DecodeFailure {
    @Override
    public String message() {
      return "the prefix and its longest continuation have %d tokens together, but the context holds %d"
          .formatted(tokens, contextLength);
    }
  }

  /** The client sent something that makes no sense in the middle of an answer. */
  record BadMessage(String message) implements DecodeFailure {}

  /** This replica stops; another one can go on from the tokens so far. */
  record ShuttingDown() implements DecodeFailure {
    @Override
    public String message() {
      return "the target is shutting down";
    }
  }

  /** This replica has broken down for good; another one can go on from the tokens so far. */
  record OutOfService() implements DecodeFailure {
    @Override
    public String message() {
      return "this target has broken down and takes no more requests";
    }
  }

  /**
   * The computation went wrong. What exactly is nobody's business but the operator's.
   *
   * @param id under which the log tells more
   */
  record Broken(String id) implements DecodeFailure {
    @Override
    public String message() {
      return "decoding failed inside the target; its log tells more under error " + id;
    }
  }

  /**
   * This replica had too little memory for the computation; another one may have enough.
   *
   * @param id under which the log tells more
   */
  record OutOfMemory(String id) implements DecodeFailure {
    @Override
    public String message() {
      return "this target has too little memory now; its log tells more under error " + id;
    }
  }
}
