package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.runtime.ComputePool.Worker;

/** The scales and minimums of a quantised matrix, in the smallest form that holds them exactly. */
sealed interface BlockScales {
  /** Number of the worker's scratch array. */
  int SPLIT_PAIRS = 3;

  float scale(int i);

  float min(int i);

  long bytes();

  /** Prepares n scales from {@code at} on for {@link #add}; needs no repetition per tile. */
  void load(Kernels kernels, int at, int n, Worker w);

  /** Adds the block sums of a tile, scaled, to its totals; see {@link Kernels}. */
  void add(
      Kernels kernels,
      int at,
      float[] x,
      int xAt,
      float[] sums,
      int width,
      int blocks,
      float[] totals,
      int to,
      Worker w);

  /**
   * @param mins empty, or as many as scales
   */
  static BlockScales of(float[] scales, float[] mins) {
    if (mins.length == 0) {
      return new Plain(scales);
    }
    int[] pairs = new int[scales.length];
    for (int i = 0; i < pairs.length; i++) {
      short scale = Float.floatToFloat16(scales[i]);
      short min = Float.floatToFloat16(mins[i]);
      if (!isExact(scale, scales[i]) || !isExact(min, mins[i])) {
        return new WithMins(scales, mins);
      }
      pairs[i] = scale << 16 | min & 0xffff;
    }
    return new HalfPairs(pairs);
  }

  private static boolean isExact(short half, float value) {
    return Float.isFinite(value) && Float.float16ToFloat(half) == value;
  }

  /** Scales alone. */
  record Plain(float[] scales) implements BlockScales {
    @Override
    public float scale(int i) {
      return scales[i];
    }

    @Override
    public float min(int i) {
      return 0;
    }

    @Override
    public long bytes() {
      return scales.length * 4L;
    }

    @Override
    public void load(Kernels kernels, int at, int n, Worker w) {}

    @Override
    public void add(
        Kernels kernels,
        int at,
        float[] x,
        int xAt,
        float[] sums,
        int width,
        int blocks,
        float[] totals,
        int to,
        Worker w) {
      kernels.addScaled(scales, at, sums, width, blocks, totals, to);
    }
  }

  /** Scales and minimums that need float. */
  record WithMins(float[] scales, float[] mins) implements BlockScales {
    @Override
    public float scale(int i) {
      return scales[i];
    }

    @Override
    public float min(int i) {
      return mins[i];
    }

    @Override
    public long bytes() {
      return scales.length * 8L;
    }

    @Override
    public void load(Kernels kernels, int at, int n, Worker w) {}

    @Override
    public void add(
        Kernels kernels,
        int at,
        float[] x,
        int xAt,
        float[] sums,
        int width,
        int blocks,
        float[] totals,
        int to,
        Worker w) {
      kernels.addScaled(scales, at, sums, width, blocks, totals, to);
      kernels.addMins(mins, at, x, xAt, width, blocks, totals, to);
    }
  }

  /** Finite float16 numbers: scale in the high half, minimum in the low half. */
  record HalfPairs(int[] pairs) implements BlockScales {
    @Override
    public float scale(int i) {
      return Float.float16ToFloat((short) (pairs[i] >> 16));
    }

    @Override
    public float min(int i) {
      return Float.float16ToFloat((short) pairs[i]);
    }

    @Override
    public long bytes() {
      return pairs.length * 4L;
    }

    @Override
    public void load(Kernels kernels, int at, int n, Worker w) {
      kernels.unpackPairs(pairs, at, n, w.scratch(SPLIT_PAIRS, 2 * n));
    }

    @Override
    public void add(
        Kernels kernels,
        int at,
        float[] x,
        int xAt,
        float[] sums,
        int width,
        int blocks,
        float[] totals,
        int to,
        Worker w) {
      int n = blocks * Kernels.ROW_VECTORS * kernels.lanes();
      float[] split = w.scratch(SPLIT_PAIRS, 2 * n);
      kernels.addScaled(split, 0, sums, width, blocks, totals, to);
      kernels.addMins(split, n, x, xAt, width, blocks, totals, to);
    }
  }
}
