package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The reference: one element at a time. */
final class ScalarAttentionKernels implements AttentionKernels {
  static final float EXP_MIN = -87f;
  static final float LOG2_E = 1.44269504f;
  static final float ROUND = 0x1.8p23f;
  static final float LN2_HIGH = 0.693359375f;
  static final float LN2_LOW = -2.12194440e-4f;
  static final float C2 = 5.0000001201e-1f;
  static final float C3 = 1.6666665459e-1f;
  static final float C4 = 4.1665795894e-2f;
  static final float C5 = 8.3334519073e-3f;
  static final float C6 = 1.3981999507e-3f;
  static final float C7 = 1.9875691500e-4f;

  @Override
  public void scores(
      MemorySegment memory,
      long keys,
      float[] queries,
      int dimension,
      float[] scores,
      int offset,
      int stride) {
    for (int q = 0; q < QUERIES; q++) {
      for (int t = 0; t < BLOCK_TOKENS; t++) {
        float sum = 0;
        for (int d = 0; d < dimension; d++) {
          float key = element(memory, keys + (long) (d * BLOCK_TOKENS + t) * Short.BYTES);
          sum = Math.fma(key, queries[q * dimension + d], sum);
        }
        scores[q * stride + offset + t] = sum * scale(memory, keys, dimension, t);
      }
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
      float[] sums,
      int dimension) {
    for (int q = 0; q < QUERIES; q++) {
      for (int t = 0; t < tokens; t++) {
        int w = q * stride + offset + t;
        weights[w] *= scale(memory, values, dimension, t);
        for (int d = 0; d < dimension; d++) {
          float value = element(memory, values + (long) (t * dimension + d) * Short.BYTES);
          int at = q * dimension + d;
          sums[at] = Math.fma(value, weights[w], sums[at]);
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
    for (int i = 0; i < length; i++) {
      float weight = exp(scores[offset + i] - max);
      scores[offset + i] = weight;
      sums[i % PARTIALS] += weight;
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

  /** e^x for x <= 0, within 2 ulp; 0 below -87. */
  static float exp(float x) {
    if (!(x >= EXP_MIN)) {
      return 0;
    }
    float n = Math.fma(x, LOG2_E, ROUND) - ROUND;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float p = C7;
    p = Math.fma(p, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    return p * Float.intBitsToFloat(((int) n + 127) << 23);
  }

  static float element(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_SHORT, offset);
  }

  private static float scale(MemorySegment memory, long plane, int dimension, int token) {
    long scales = plane + (long) dimension * BLOCK_TOKENS * Short.BYTES;
    return memory.get(ValueLayout.JAVA_FLOAT, scales + (long) token * Float.BYTES);
  }
}
