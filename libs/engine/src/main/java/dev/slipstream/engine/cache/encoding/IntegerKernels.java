package dev.slipstream.engine.cache.encoding;

import dev.slipstream.engine.cache.KvEncoding;
import java.lang.foreign.MemorySegment;

/**
 * The inner loops of attention over planes of scaled 16-bit integers, for {@link
 * KvEncoding#QUERIES} queries at a time.
 *
 * <p>Each result is one chain of fused multiply-adds in a fixed order, so both implementations give
 * the same bits, whatever else is in the batch.
 */
interface IntegerKernels {
  /**
   * Products of queries with the 16 keys of one block.
   *
   * @param keys byte offset of {@code [dimension][16]} integers and their 16 scales
   * @param queries {@code queries[query + q * dimension + d]}
   * @param scores receives {@code scores[q * stride + offset + token]}
   */
  void scores(
      MemorySegment memory,
      long keys,
      float[] queries,
      int query,
      int dimension,
      float[] scores,
      int offset,
      int stride);

  /**
   * Multiplies the weights of one query for the 16 tokens of a block by the scales of their values.
   *
   * @param values as in {@link #accumulate}
   * @param weights {@code weights[offset + token]}
   */
  void scale(MemorySegment memory, long values, int dimension, float[] weights, int offset);

  /**
   * Adds weighted values of some tokens of one block, without their scales.
   *
   * @param values byte offset of {@code [16][dimension]} integers and their 16 scales
   * @param weights {@code weights[q * stride + offset + token]}
   * @param from first dimension
   * @param to end (exclusive) of the dimensions
   * @param sums {@code sums[sum + q * dimension + d]}, added to
   */
  void accumulate(
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
      int dimension);
}
