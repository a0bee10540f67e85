package dev.slipstream.engine.sampling;

import java.util.Arrays;

/**
 * Top-k, top-p and min-p. Candidates are longs whose natural order is "larger logit first, then
 * lower token id": the upper half orders the logit, the lower half is the token.
 */
final class Truncation {
  private static final LogitKernels KERNELS = LogitKernels.best();

  private Truncation() {}

  /**
   * Writes the tokens that survive all three steps to the front of {@code keys}, which has room for
   * the whole row, and returns their number.
   *
   * @param max the largest logit
   */
  static int apply(
      float[] row, int offset, int length, float max, SamplingParams params, long[] keys) {
    SamplingParams.Cutoffs cutoffs = params.cutoffs();
    boolean limited = cutoffs.topK() > 0 && cutoffs.topK() < length;
    int count =
        limited
            ? largest(row, offset, length, cutoffs.topK(), keys)
            : likely(row, offset, length, max, params, keys);
    if (cutoffs.topP() < 1) {
      Arrays.sort(keys, 0, count);
      double total =
          limited
              ? mass(row, offset, keys, count, max, params.temperature())
              : KERNELS.sumExp(row, offset, length, max, params.temperature());
      count = nucleus(row, offset, keys, count, max, params, total);
    }
    return cutoffs.minP() > 0 ? aboveMinP(row, offset, keys, count, max, params) : count;
  }

  /** The k first keys in no particular order: a heap whose root is the worst that is still kept. */
  static int largest(float[] row, int offset, int length, int k, long[] heap) {
    for (int i = 0; i < k; i++) {
      heap[i] = key(row[offset + i], i);
    }
    for (int i = k / 2 - 1; i >= 0; i--) {
      siftDown(heap, i, k);
    }
    float worst = row[offset + (int) heap[0]];
    // A later token that equals the worst one loses the tie.
    for (int i = KERNELS.firstAbove(row, offset, k, length, worst);
        i < length;
        i = KERNELS.firstAbove(row, offset, i + 1, length, worst)) {
      heap[0] = key(row[offset + i], i);
      siftDown(heap, 0, k);
      worst = row[offset + (int) heap[0]];
    }
    return k;
  }

  private static void siftDown(long[] heap, int start, int size) {
    int parent = start;
    long moving = heap[start];
    while (2 * parent + 1 < size) {
      int child = 2 * parent + 1;
      if (child + 1 < size && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= moving) {
        break;
      }
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = moving;
  }

  /**
   * All tokens that top-p and min-p may keep. Tokens below (1 - p) / length of the likeliest one's
   * probability hold less than 1 - p together, so the nucleus lies above them.
   */
  private static int likely(
      float[] row, int offset, int length, float max, SamplingParams params, long[] keys) {
    double share = Math.max(params.cutoffs().minP(), (1.0 - params.cutoffs().topP()) / length);
    // A little lower than exact: what is too much is dropped later.
    float lowest = (float) (max + params.temperature() * Math.log(share) - 1e-3);
    int count = 0;
    for (int i = 0; i < length; i++) {
      if (row[offset + i] >= lowest) {
        keys[count++] = key(row[offset + i], i);
      }
    }
    return count;
  }

  /** Length of the shortest prefix of sorted keys that holds top-p of the total. */
  private static int nucleus(
      float[] row,
      int offset,
      long[] keys,
      int count,
      float max,
      SamplingParams params,
      double total) {
    double left = params.cutoffs().topP() * total;
    int n = 0;
    while (n < count && left > 0) {
      left -= TokenDistribution.weight(row[offset + (int) keys[n]], max, params.temperature());
      n++;
    }
    return n;
  }

  private static int aboveMinP(
      float[] row, int offset, long[] keys, int count, float max, SamplingParams params) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      float logit = row[offset + (int) keys[i]];
      if (TokenDistribution.weight(logit, max, params.temperature()) >= params.cutoffs().minP()) {
        keys[kept++] = keys[i];
      }
    }
    return kept;
  }

  private static double mass(
      float[] row, int offset, long[] keys, int count, float max, float temperature) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += TokenDistribution.weight(row[offset + (int) keys[i]], max, temperature);
    }
    return sum;
  }

  static long key(float logit, int token) {
    int bits = Float.floatToIntBits(logit + 0f);
    int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    return ((long) ~ascending << 32) | token;
  }
}
