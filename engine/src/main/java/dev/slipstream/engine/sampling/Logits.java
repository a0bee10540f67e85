package dev.slipstream.engine.sampling;

/** Reductions over one row of logits. */
final class Logits {
  private Logits() {}

  /**
   * Index of the largest value, the lowest if several are equal; -1 if all are NaN or minus
   * infinity.
   */
  static int argmax(float[] row, int offset, int length) {
    int best = -1;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      if (row[offset + i] > max) {
        max = row[offset + i];
        best = i;
      }
    }
    return best;
  }

  /** The logarithm of the sum of the exponentials. */
  static double logSumExp(float[] row, int offset, int length) {
    int best = argmax(row, offset, length);
    if (best < 0) {
      throw new IllegalStateException("the logits have no finite maximum");
    }
    float max = row[offset + best];
    double sum = 0;
    for (int i = 0; i < length; i++) {
      sum += Math.exp(row[offset + i] - max);
    }
    return max + Math.log(sum);
  }
}
