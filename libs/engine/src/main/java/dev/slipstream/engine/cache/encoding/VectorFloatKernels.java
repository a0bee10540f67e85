package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static dev.slipstream.engine.cache.encoding.TokenLanes.F;
import static dev.slipstream.engine.cache.encoding.TokenLanes.LANES;
import static dev.slipstream.engine.cache.encoding.TokenLanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Vector twins of what {@link dev.slipstream.engine.cache.KeyPlane} and {@link
 * dev.slipstream.engine.cache.ValuePlane} do one element at a time, over planes of floats. Lanes
 * are tokens for scores and dimensions for values, and both are sums of rows times factors.
 */
final class VectorFloatKernels {
  private VectorFloatKernels() {}

  static void scores(
      MemorySegment memory,
      long keys,
      float[] queries,
      int query,
      int dimension,
      float[] scores,
      int offset,
      int stride) {
    for (int q = 0; q < QUERIES; q++) {
      int at = q * stride + offset;
      Arrays.fill(scores, at, at + BLOCK_TOKENS, 0f);
    }
    for (int t = 0; t < BLOCK_TOKENS; t += 2 * LANES) {
      long at = keys + (long) t * Float.BYTES;
      addTile(
          memory,
          at,
          BLOCK_TOKENS,
          dimension,
          queries,
          query,
          dimension,
          scores,
          offset + t,
          stride);
    }
  }

  static void accumulate(
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
    int d = from;
    for (; d + 2 * LANES <= to; d += 2 * LANES) {
      long at = values + (long) d * Float.BYTES;
      addTile(memory, at, dimension, tokens, weights, offset, stride, sums, sum + d, dimension);
    }
    for (; d < to; d++) {
      long at = values + (long) d * Float.BYTES;
      addColumn(memory, at, dimension, tokens, weights, offset, stride, sums, sum + d, dimension);
    }
  }

  /**
   * Adds rows times factors to two vectors of sums for each query.
   *
   * @param plane byte offset of {@code [rows][width]} floats
   * @param factors {@code factors[from + q * step + row]}
   * @param sums {@code sums[to + q * stride + lane]}
   */
  private static void addTile(
      MemorySegment memory,
      long plane,
      int width,
      int rows,
      float[] factors,
      int from,
      int step,
      float[] sums,
      int to,
      int stride) {
    FloatVector a0 = FloatVector.fromArray(F, sums, to);
    FloatVector b0 = FloatVector.fromArray(F, sums, to + LANES);
    FloatVector a1 = FloatVector.fromArray(F, sums, to + stride);
    FloatVector b1 = FloatVector.fromArray(F, sums, to + stride + LANES);
    FloatVector a2 = FloatVector.fromArray(F, sums, to + 2 * stride);
    FloatVector b2 = FloatVector.fromArray(F, sums, to + 2 * stride + LANES);
    FloatVector a3 = FloatVector.fromArray(F, sums, to + 3 * stride);
    FloatVector b3 = FloatVector.fromArray(F, sums, to + 3 * stride + LANES);
    for (int row = 0; row < rows; row++) {
      long at = plane + (long) row * width * Float.BYTES;
      FloatVector a = FloatVector.fromMemorySegment(F, memory, at, ORDER);
      FloatVector b =
          FloatVector.fromMemorySegment(F, memory, at + (long) LANES * Float.BYTES, ORDER);
      FloatVector x = FloatVector.broadcast(F, factors[from + row]);
      a0 = a.fma(x, a0);
      b0 = b.fma(x, b0);
      x = FloatVector.broadcast(F, factors[from + step + row]);
      a1 = a.fma(x, a1);
      b1 = b.fma(x, b1);
      x = FloatVector.broadcast(F, factors[from + 2 * step + row]);
      a2 = a.fma(x, a2);
      b2 = b.fma(x, b2);
      x = FloatVector.broadcast(F, factors[from + 3 * step + row]);
      a3 = a.fma(x, a3);
      b3 = b.fma(x, b3);
    }
    a0.intoArray(sums, to);
    b0.intoArray(sums, to + LANES);
    a1.intoArray(sums, to + stride);
    b1.intoArray(sums, to + stride + LANES);
    a2.intoArray(sums, to + 2 * stride);
    b2.intoArray(sums, to + 2 * stride + LANES);
    a3.intoArray(sums, to + 3 * stride);
    b3.intoArray(sums, to + 3 * stride + LANES);
  }

  /** Heads whose size is no multiple of two vectors end in single columns. */
  private static void addColumn(
      MemorySegment memory,
      long plane,
      int width,
      int rows,
      float[] factors,
      int from,
      int step,
      float[] sums,
      int to,
      int stride) {
    for (int row = 0; row < rows; row++) {
      float x = memory.get(ValueLayout.JAVA_FLOAT, plane + (long) row * width * Float.BYTES);
      for (int q = 0; q < QUERIES; q++) {
        int at = to + q * stride;
        sums[at] = Math.fma(x, factors[from + q * step + row], sums[at]);
      }
    }
  }
}
