package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static dev.slipstream.engine.cache.encoding.TokenLanes.F;
import static dev.slipstream.engine.cache.encoding.TokenLanes.LANES;
import static dev.slipstream.engine.cache.encoding.TokenLanes.ORDER;
import static jdk.incubator.vector.VectorOperators.S2F;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vector twin: lanes are tokens for scores and dimensions for values, so that no lane is ever added
 * to another. Tiles of two vectors by four queries keep eight sums, which fit 16 registers.
 *
 * <p>The Vector API is called without methods in between; see the notes of the kernel package.
 */
final class VectorIntegerKernels implements IntegerKernels {
  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

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
    for (int t = 0; t < BLOCK_TOKENS; t += 2 * LANES) {
      scoreTile(
          memory,
          keys + (long) t * Short.BYTES,
          queries,
          query,
          dimension,
          scores,
          offset + t,
          stride);
    }
    for (int q = 0; q < QUERIES; q++) {
      scale(memory, keys, dimension, scores, q * stride + offset);
    }
  }

  @Override
  public void scale(MemorySegment memory, long plane, int dimension, float[] weights, int offset) {
    long scales = plane + (long) dimension * BLOCK_TOKENS * Short.BYTES;
    for (int t = 0; t < BLOCK_TOKENS; t += LANES) {
      FloatVector scale =
          FloatVector.fromMemorySegment(F, memory, scales + (long) t * Float.BYTES, ORDER);
      FloatVector.fromArray(F, weights, offset + t).mul(scale).intoArray(weights, offset + t);
    }
  }

  private static void scoreTile(
      MemorySegment memory,
      long keys,
      float[] queries,
      int query,
      int dimension,
      float[] scores,
      int offset,
      int stride) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector a2 = zero;
    FloatVector a3 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector b2 = zero;
    FloatVector b3 = zero;
    for (int d = 0; d < dimension; d++) {
      long at = keys + (long) d * (BLOCK_TOKENS * Short.BYTES);
      ShortVector aShorts = ShortVector.fromMemorySegment(S, memory, at, ORDER);
      FloatVector a = (FloatVector) aShorts.convertShape(S2F, F, 0);
      ShortVector bShorts =
          ShortVector.fromMemorySegment(S, memory, at + (long) LANES * Short.BYTES, ORDER);
      FloatVector b = (FloatVector) bShorts.convertShape(S2F, F, 0);
      FloatVector q = FloatVector.broadcast(F, queries[query + d]);
      a0 = a.fma(q, a0);
      b0 = b.fma(q, b0);
      q = FloatVector.broadcast(F, queries[query + dimension + d]);
      a1 = a.fma(q, a1);
      b1 = b.fma(q, b1);
      q = FloatVector.broadcast(F, queries[query + 2 * dimension + d]);
      a2 = a.fma(q, a2);
      b2 = b.fma(q, b2);
      q = FloatVector.broadcast(F, queries[query + 3 * dimension + d]);
      a3 = a.fma(q, a3);
      b3 = b.fma(q, b3);
    }
    a0.intoArray(scores, offset);
    b0.intoArray(scores, offset + LANES);
    a1.intoArray(scores, offset + stride);
    b1.intoArray(scores, offset + stride + LANES);
    a2.intoArray(scores, offset + 2 * stride);
    b2.intoArray(scores, offset + 2 * stride + LANES);
    a3.intoArray(scores, offset + 3 * stride);
    b3.intoArray(scores, offset + 3 * stride + LANES);
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
    int d = from;
    for (; d + 2 * LANES <= to; d += 2 * LANES) {
      long at = values + (long) d * Short.BYTES;
      valueTile(memory, at, tokens, weights, offset, stride, sums, sum + d, dimension);
    }
    for (; d < to; d++) {
      long at = values + (long) d * Short.BYTES;
      valueColumn(memory, at, tokens, weights, offset, stride, sums, sum + d, dimension);
    }
  }

  private static void valueTile(
      MemorySegment memory,
      long values,
      int tokens,
      float[] weights,
      int offset,
      int stride,
      float[] sums,
      int at,
      int dimension) {
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + LANES);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + dimension);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + dimension + LANES);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * dimension);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 2 * dimension + LANES);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * dimension);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 3 * dimension + LANES);
    for (int t = 0; t < tokens; t++) {
      long row = values + (long) t * dimension * Short.BYTES;
      ShortVector aShorts = ShortVector.fromMemorySegment(S, memory, row, ORDER);
      FloatVector a = (FloatVector) aShorts.convertShape(S2F, F, 0);
      ShortVector bShorts =
          ShortVector.fromMemorySegment(S, memory, row + (long) LANES * Short.BYTES, ORDER);
      FloatVector b = (FloatVector) bShorts.convertShape(S2F, F, 0);
      int w = offset + t;
      FloatVector p = FloatVector.broadcast(F, weights[w]);
      a0 = a.fma(p, a0);
      b0 = b.fma(p, b0);
      p = FloatVector.broadcast(F, weights[w + stride]);
      a1 = a.fma(p, a1);
      b1 = b.fma(p, b1);
      p = FloatVector.broadcast(F, weights[w + 2 * stride]);
      a2 = a.fma(p, a2);
      b2 = b.fma(p, b2);
      p = FloatVector.broadcast(F, weights[w + 3 * stride]);
      a3 = a.fma(p, a3);
      b3 = b.fma(p, b3);
    }
    a0.intoArray(sums, at);
    b0.intoArray(sums, at + LANES);
    a1.intoArray(sums, at + dimension);
    b1.intoArray(sums, at + dimension + LANES);
    a2.intoArray(sums, at + 2 * dimension);
    b2.intoArray(sums, at + 2 * dimension + LANES);
    a3.intoArray(sums, at + 3 * dimension);
    b3.intoArray(sums, at + 3 * dimension + LANES);
  }

  /** Heads whose size is no multiple of two vectors end in single columns. */
  private static void valueColumn(
      MemorySegment memory,
      long values,
      int tokens,
      float[] weights,
      int offset,
      int stride,
      float[] sums,
      int at,
      int dimension) {
    for (int t = 0; t < tokens; t++) {
      float value =
          ScalarIntegerKernels.element(memory, values + (long) t * dimension * Short.BYTES);
      for (int q = 0; q < QUERIES; q++) {
        int to = at + q * dimension;
        sums[to] = Math.fma(value, weights[q * stride + offset + t], sums[to]);
      }
    }
  }
}
