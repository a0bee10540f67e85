package dev.slipstream.target.application;

/** How a sequence ended, and its figures. */
public record Outcome(Reason reason, Usage usage, SpeculationFigures speculation, Timings timings) {
  /** Why it ended. */
  public enum Reason {
    /** An end token or a stop token. */
    STOP,
    /** The limit on tokens, or the context is full. */
    LENGTH
  }

  /** What drafts may have changed about the answer. */
  public enum Lossless {
    /** Token for token the answer of plain decoding. */
    TOKEN,
    /** The target's distribution, though not necessarily the same draws. */
    DISTRIBUTION
  }

  /**
   * @param promptTokens without resumed ones
   * @param completionTokens with resumed ones
   */
  public record Usage(
      int promptTokens, int completionTokens, int cachedTokens, int remoteCachedTokens) {}

  /**
   * @param drafted draft tokens that were verified
   * @param accepted draft tokens that were accepted
   * @param rounds passes that verified at least one draft token
   * @param state "on", "gated" or "off"
   * @param reason of the state, for people
   */
  public record SpeculationFigures(
      long drafted, long accepted, long rounds, Lossless lossless, String state, String reason) {}

  /**
   * Milliseconds.
   *
   * @param queue waiting for a place in the batch
   * @param prefill from there to the first token
   * @param decode from the first to the last token
   */
  public record Timings(double queue, double prefill, double decode) {}
}
