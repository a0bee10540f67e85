package dev.slipstream.target.spi;

/** Hears of every pass. */
@FunctionalInterface
public interface PassObserver {
  void computed(Pass pass);

  /**
   * A pass that was computed.
   *
   * @param rows at least 1
   * @param kvTokens committed tokens that attention looked at, summed over the rows
   * @param seconds that it took, above 0
   * @param answersOnly whether all rows were of answers: decoding ones and drafts, none of prompts
   * @param longestText tokens of the longest text among its sequences
   */
  record Pass(int rows, long kvTokens, double seconds, boolean answersOnly, int longestText) {}
}
