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

  /** The client sent something that makes no sense in the middle of an answer. */
  record BadMessage(String message) implements DecodeFailure {}

  /** This replica stops; another one can go on from the tokens so far. */
  record ShuttingDown() implements DecodeFailure {
    @Override
    public String message() {
      return "the target is shutting down";
    }
  }

  /** The computation went wrong. */
  record Broken(Throwable cause) implements DecodeFailure {
    @Override
    public String message() {
      return "decoding failed: " + cause;
    }
  }
}
