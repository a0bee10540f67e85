package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;

import java.lang.foreign.MemorySegment;

/** Values of one head in one block, and their weighted sums. */
public interface ValuePlane extends KvPlane {
  /**
   * Prepares the weights of one query for {@link #accumulate}, which gets them as they are then.
   * Where each value has a scale, this is the place to multiply by it.
   *
   * @param weights {@code weights[offset + token]} for all tokens of the block
   */
  default void prepare(MemorySegment memory, long plane, float[] weights, int offset) {}

  /**
   * Adds the values of some tokens, times their prepared weights, to the sums of {@link
   * KvEncoding#QUERIES} queries. Each sum is one chain of operations in the order of the tokens,
   * whatever else is computed and however the dimensions are divided.
   *
   * @param tokens the first of the block that count
   * @param weights {@code weights[q * stride + offset + token]}
   * @param from first dimension, a multiple of 32
   * @param to end (exclusive) of the dimensions
   * @param sums {@code sums[sum + q * dimension + d]}, added to
   */
  default void accumulate(
      MemorySegment memory,
      long plane,
      int tokens,
      float[] weights,
      int offset,
      int stride,
      int from,
      int to,
      float[] sums,
      int sum) {
    for (int q = 0; q < QUERIES; q++) {
      for (int t = 0; t < tokens; t++) {
        float weight = weights[q * stride + offset + t];
        for (int d = from; d < to; d++) {
          int at = sum + q * dimension() + d;
          sums[at] = Math.fma(element(memory, plane, t, d), weight, sums[at]);
        }
      }
    }
  }
}
