package dev.slipstream.engine.kernel;

/**
 * Matrix times a tile of activation rows, for weights whose rows lie in the vector lanes.
 *
 * <p><b>Layout.</b> With L lanes, a group is 4L rows; row j*L + l of a group is lane l of row
 * vector j. Weights are stored column by column, so that one activation, broadcast to all lanes,
 * serves the 4L weights of its column:
 *
 * <ul>
 *   <li>nibbles: L shorts a column; nibble j of short l is the code of row j*L + l (0 to 15)
 *   <li>bytes: L ints a column; byte j of int l is the code of row j*L + l (signed)
 *   <li>halves and brains (float16, bfloat16): 2L ints a column; the low half of int h*L + l is row
 *       2h*L + l and the high half row (2h+1)*L + l
 *   <li>floats: 4L floats a column
 * </ul>
 *
 * <p><b>Tile.</b> T activation rows (1, 2 or 4), interleaved: x[xo + column * T + t].
 *
 * <p><b>Order of additions.</b> One fused multiply-add chain over the columns of a block (16 or 32)
 * gives a block sum; one chain over the blocks, with the block's scale, gives the total. It is the
 * same for every T, every number of lanes and every implementation, and lanes never meet, so a
 * result has the same bits however it was batched, split or vectorised.
 *
 * <p>Block sums lie at z[((block * 4 + j) * T + t) * L + l], totals at totals[to + (j * T + t) * L
 * + l], followed by as many totals of the minimums.
 */
public interface Kernels {
  /** Row vectors in a group. */
  int ROW_VECTORS = 4;

  /** What activations are multiplied with for {@link #halves}. */
  float HALF_INPUT_UNIT = 0x1p64f;

  /** How weights are stored; a kernel may hold block sums multiplied by a power of two. */
  enum Codes {
    NIBBLES,
    BYTES,
    /** Finite float16 numbers, whose activations are taken times {@link #HALF_INPUT_UNIT}. */
    HALVES,
    /** bfloat16 numbers. */
    BRAINS,
    FLOATS
  }

  /** Lanes of a vector: L above. */
  int lanes();

  /** For the log: which instructions compute. */
  String description();

  /**
   * Groups whose block sums are best computed at a time, for a tile of so many activation rows:
   * each is a stream of memory of its own, and a processor prefetches only so far ahead in one
   * stream.
   */
  int groupsAtOnce(int tokens);

  /**
   * Block sums of some groups; columns is a multiple of block.
   *
   * @param w address of the first group's weights
   * @param apart bytes from a group's weights to those of the next
   * @param zApart floats from a group's block sums to those of the next
   */
  void sum(
      Codes codes,
      long w,
      long apart,
      int groups,
      float[] x,
      int xo,
      int tokens,
      int columns,
      int block,
      float[] z,
      int zApart);

  /**
   * Whether many tiles are computed faster from unpacked weights.
   *
   * @param mins whether the format has minimums
   */
  boolean panelsPay(boolean mins);

  /**
   * Turns weights of n columns into floats, to be read by many tiles: the block sums are the same.
   */
  void unpack(Codes codes, long w, int n, long out);

  /** Adds block sums, from z[zo] on, to the totals. */
  void addPlain(float[] z, int zo, int tokens, int blocks, float[] totals, int to);

  /**
   * Adds block sums times scales; that of row j * L + l is float j * L + l of its block.
   *
   * @param stride bytes from one block's scales to the next one's
   */
  void addScaled(
      long scales, long stride, float[] z, int zo, int tokens, int blocks, float[] totals, int to);

  /**
   * Adds minimums, which lie like scales, times sums of activations to the totals of the minimums;
   * sums[so + block * T + t].
   */
  void addMins(
      long mins, long stride, float[] sums, int so, int tokens, int blocks, float[] totals, int to);

  /**
   * Splits n pairs of finite float16 numbers, 4L for each block: of each block first the high
   * halves, then the low halves.
   */
  void unpackPairs(long pairs, int n, long out);

  /**
   * Scales of n blocks of one super-block: factors times codes, which are exact. Codes of a block
   * are L ints, byte j of int l being the signed code of row j * L + l; with minimums as many of
   * their codes follow. The factors are floats in the order of rows, those of the minimums behind
   * those of the scales, and so is what is written for each block.
   */
  void multiplyFactors(long factors, long codes, int n, boolean mins, long out);

  /**
   * Writes the results of a whole group: out[outOffset + t * outStride + row] for the first {@code
   * used} of the tile's rows.
   *
   * @param minUnit what the totals of the minimums are multiplied with; 0 if there are none
   */
  void finish(
      Codes codes,
      float minUnit,
      float[] totals,
      int from,
      int tokens,
      int used,
      float[] out,
      int outOffset,
      int outStride);
}
