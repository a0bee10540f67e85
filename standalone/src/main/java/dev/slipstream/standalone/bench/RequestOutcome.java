package dev.slipstream.standalone.bench;

/** How one request ended. */
sealed interface RequestOutcome {

  /**
   * An answer that came to its end.
   *
   * @param firstTokenSeconds from sending the request to its first text
   * @param totalSeconds from sending the request to its last text
   * @param gapSeconds between events with text; one event may hold several tokens
   * @param promptTokens as the server counted them
   * @param outputTokens as the server counted them
   * @param drafted draft tokens that were verified; 0 where the server does not say
   * @param accepted draft tokens that were accepted
   * @param rounds passes that verified a draft
   */
  record Served(
      double firstTokenSeconds,
      double totalSeconds,
      double[] gapSeconds,
      long promptTokens,
      long outputTokens,
      long drafted,
      long accepted,
      long rounds)
      implements RequestOutcome {

    /** Time per output token after the first; NaN for a single token. */
    double secondsPerToken() {
      return outputTokens < 2
          ? Double.NaN
          : (totalSeconds - firstTokenSeconds) / (outputTokens - 1);
    }
  }

  /**
   * Anything else.
   *
   * @param reason what the server or the network said
   */
  record Failed(String reason) implements RequestOutcome {}
}
