package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

/**
 * Where the elements of a plane lie. Keys lie transposed, {@code [dimension][token]}, so that
 * neighbouring lanes of a vector are neighbouring tokens; values as {@code [token][dimension]}.
 *
 * @param dimension elements of a vector
 * @param tokenStep elements from one token to the next
 * @param step elements from one of a token to its next one
 */
record Order(int dimension, int tokenStep, int step) {
  static Order keys(int dimension) {
    return new Order(dimension, 1, BLOCK_TOKENS);
  }

  static Order values(int dimension) {
    return new Order(dimension, dimension, 1);
  }

  /** Elements before this one. */
  long before(int token, int d) {
    return (long) token * tokenStep + (long) d * step;
  }

  /** Elements of a plane. */
  long elements() {
    return (long) dimension * BLOCK_TOKENS;
  }
}
