package dev.slipstream.engine.attention;

/** What attention computes between its products with keys and its sums of values. */
interface AttentionKernels {
  /** Partial sums of a softmax: element i goes to sum i mod 8, whatever the vector length. */
  int PARTIALS = 8;

  /**
   * Turns raw scores into weights: {@code exp(score - max)} over their sum.
   *
   * @param scores products with keys; there is room for at least 7 elements behind
   * @param sums working memory of {@link #PARTIALS} elements
   */
  void softmax(float[] scores, int offset, int length, float[] sums);
}
