package dev.slipstream.engine.sampling;

/**
 * Reductions over rows of logits. Implementations agree bit for bit on every element; sums, which
 * they add up in different orders, agree to 1e-5 of the sum.
 */
sealed interface LogitKernels permits ScalarLogitKernels, VectorLogitKernels {

  /** The best of this process: the Vector API if its module is present. */
  static LogitKernels best() {
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vectors ? new VectorLogitKernels() : new ScalarLogitKernels();
  }

  /** The largest value; NaN if any value is. */
  float max(float[] row, int offset, int length);

  /** The first index, from 0, of a value; -1 if it does not occur. */
  int indexOf(float[] row, int offset, int length, float value);

  /**
   * The first index, not below {@code from}, of a value above a bound; {@code length} if there is
   * none.
   */
  int firstAbove(float[] row, int offset, int from, int length, float bound);

  /** The sum of exp((row[offset + i] - max) / temperature). */
  double sumExp(float[] row, int offset, int length, float max, float temperature);

  /** The same, with every term written to out[i]. */
  double exp(float[] row, int offset, int length, float max, float temperature, float[] out);

  /**
   * Index of the largest value, the lowest if several are equal.
   *
   * @throws IllegalStateException if a value is NaN or the largest is infinite
   */
  default int argmax(float[] row, int offset, int length) {
    return indexOf(row, offset, length, finiteMax(row, offset, length));
  }

  /** The logarithm of the sum of the exponentials. */
  default double logSumExp(float[] row, int offset, int length) {
    float max = finiteMax(row, offset, length);
    return max + Math.log(sumExp(row, offset, length, max, 1));
  }

  private float finiteMax(float[] row, int offset, int length) {
    float max = max(row, offset, length);
    if (!Float.isFinite(max)) {
      throw new IllegalStateException("the largest of the logits is " + max);
    }
    return max;
  }
}
