package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The reference: one element at a time. */
final class ScalarIntegerKernels implements IntegerKernels {
  @Override
  public void scores(
      MemorySegment memory,
      long keys,
      float[] queries,
      int query,
      int dimension,
      float[] scores,
      int offset,
      int stride) {
    for (int q = 0; q < QUERIES; q++) {
      for (int t = 0; t < BLOCK_TOKENS; t++) {
        float sum = 0;
        for (int d = 0; d < dimension; d++) {
          float key = element(memory, keys + (long) (d * BLOCK_TOKENS + t) * Short.BYTES);
          sum = Math.fma(key, queries[query + q * dimension + d], sum);
        }
        scores[q * stride + offset + t] = sum * scale(memory, keys, dimension, t);
      }
    }
  }

  @Override
  public void scale(MemorySegment memory, long values, int dimension, float[] weights, int offset) {
    for (int t = 0; t < BLOCK_TOKENS; t++) {
      weights[offset + t] *= scale(memory, values, dimension, t);
    }
  }

  @Override
  public void accumulate(
      MemorySegment memory,
      long values,
      int tokens,
      float[] weights,
      int offset,
      int stride,
      int from,
      int to,
      float[] sums,
      int sum,
      int dimension) {
    for (int q = 0; q < QUERIES; q++) {
      for (int t = 0; t < tokens; t++) {
        float weight = weights[q * stride + offset + t];
        for (int d = from; d < to; d++) {
          float value = element(memory, values + (long) (t * dimension + d) * Short.BYTES);
          int at = sum + q * dimension + d;
          sums[at] = Math.fma(value, weight, sums[at]);
        }
      }
    }
  }

  static float element(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_SHORT, offset);
  }

  private static float scale(MemorySegment memory, long plane, int dimension, int token) {
    long scales = plane + (long) dimension * BLOCK_TOKENS * Short.BYTES;
    return memory.get(ValueLayout.JAVA_FLOAT, scales + (long) token * Float.BYTES);
  }
}
