package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The reference: one element at a time. */
final class ScalarAttentionKernels implements AttentionKernels {
  private final RowKernels rowKernels = KernelSelection.rowKernels();

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

  @Override
  public void softmax(float[] scores, int offset, int length, float[] sums) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, scores[offset + i]);
    }
    Arrays.fill(sums, 0f);
    rowKernels.exp(scores, offset, 1, -max, scores, offset, length);
    for (int i = 0; i < length; i++) {
      sums[i % PARTIALS] += scores[offset + i];
    }
    float factor = 1 / total(sums);
    for (int i = 0; i < length; i++) {
      scores[offset + i] *= factor;
    }
  }

  /** Adds up the partial sums of both twins in one order. */
  static float total(float[] sums) {
    return ((sums[0] + sums[4]) + (sums[2] + sums[6]))
        + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  }

  static float element(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_SHORT, offset);
  }

  private static float scale(MemorySegment memory, long plane, int dimension, int token) {
    long scales = plane + (long) dimension * BLOCK_TOKENS * Short.BYTES;
    return memory.get(ValueLayout.JAVA_FLOAT, scales + (long) token * Float.BYTES);
  }
}
