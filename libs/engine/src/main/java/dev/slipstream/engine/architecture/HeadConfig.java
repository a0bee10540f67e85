package dev.slipstream.engine.architecture;

/**
 * The heads of attention, the same in all blocks.
 *
 * @param queries query heads
 * @param keyValues key/value heads; divides {@code queries}
 * @param dimension elements per head, for queries, keys and values alike
 */
public record HeadConfig(int queries, int keyValues, int dimension) {

  /** Elements of the queries of one row. */
  public int queryDimension() {
    return queries * dimension;
  }

  /** Elements of the keys, or values, of one row. */
  public int kvDimension() {
    return keyValues * dimension;
  }
}
