package dev.slipstream.draft.application;

/** A stream that cannot be served; the message says why and, where it can, what to do. */
public final class DraftRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kinds of refusal. */
  public enum Reason {
    /** The request contradicts itself or what was sent before. */
    INVALID,
    UNKNOWN_DRAFTER,
    TOKENIZER_MISMATCH,
    /** A limit of the service is reached. */
    EXHAUSTED
  }

  private final Reason reason;

  DraftRefusedException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
