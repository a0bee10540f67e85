package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.lang.foreign.MemorySegment;

/** Keys of one head in one block, and their products with queries. */
public interface KeyPlane extends KvPlane {
  /**
   * Products of {@link KvEncoding#QUERIES} queries with the keys of all tokens. Each is one chain
   * of operations in a fixed order, whatever else is computed; here, one element after the other.
   *
   * @param queries {@code queries[query + q * dimension + d]}
   * @param scores receives {@code scores[q * stride + offset + token]}
   */
  default void scores(
      MemorySegment memory,
      long plane,
      float[] queries,
      int query,
      float[] scores,
      int offset,
      int stride) {
    for (int q = 0; q < QUERIES; q++) {
      for (int t = 0; t < BLOCK_TOKENS; t++) {
        float sum = 0;
        for (int d = 0; d < dimension(); d++) {
          sum = Math.fma(element(memory, plane, t, d), queries[query + q * dimension() + d], sum);
        }
        scores[q * stride + offset + t] = sum;
      }
    }
  }
}
