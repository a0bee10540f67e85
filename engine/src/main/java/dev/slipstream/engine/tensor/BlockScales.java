package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The scales and minimums of a quantised matrix, in the smallest form that holds them exactly. */
sealed interface BlockScales {
  ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Number of the worker's scratch memory. */
  int UNPACKED = 1;

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
   * Packs them.
   *
   * @param mins empty, or as many as scales
   * @param lanes those of the kernels
   */
  static BlockScales of(float[] scales, float[] mins, int lanes, WeightMemory memory) {
    int exact = memory.choice(2, () -> areHalves(scales) && areHalves(mins) ? 1 : 0);
    BlockScales taken = take(memory, exact == 1, scales.length, mins.length > 0, lanes);
    switch (taken) {
      case Halves halves -> halves.fill(scales);
      case Floats floats -> fill(floats.scales, scales);
      case HalfPairs pairs -> pairs.fill(scales, mins);
      case WithMins both -> {
        fill(both.scales, scales);
        fill(both.mins, mins);
      }
    }
    return taken;
  }

  /** Finds packed ones again. */
  static BlockScales in(WeightMemory filled, int count, boolean mins, int lanes) {
    int exact = filled.choice(2, () -> 0);
    return take(filled, exact == 1, count, mins, lanes);
  }

  private static BlockScales take(
      WeightMemory memory, boolean exact, int count, boolean mins, int lanes) {
    if (mins) {
      return exact
          ? new HalfPairs(memory.take(4L * count))
          : new WithMins(memory.take(4L * count), memory.take(4L * count));
    }
    return exact ? new Halves(memory.take(2L * count), lanes) : new Floats(memory.take(4L * count));
  }

  private static void fill(MemorySegment memory, float[] values) {
    MemorySegment.copy(values, 0, memory, FLOAT, 0, values.length);
  }

  private static boolean areHalves(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value) || Float.float16ToFloat(Float.floatToFloat16(value)) != value) {
        return false;
      }
    }
    return true;
  }

  /** Finite float16 scales alone, in the layout of the kernels' float16 weights. */
  record Halves(MemorySegment scales, int lanes) implements BlockScales {
    private void fill(float[] values) {
      for (int i = 0; i < values.length; i++) {
        scales.set(SHORT, at(i), Float.floatToFloat16(values[i]));
      }
    }

    private long at(int i) {
      return 2L * (i / (2 * lanes) * 2 * lanes + i % lanes * 2 + i / lanes % 2);
    }

    @Override
    public float scale(int i) {
      return Float.float16ToFloat(scales.get(SHORT, at(i)));
    }

    @Override
    public float min(int i) {
      return 0;
    }

    @Override
    public long bytes() {
      return scales.byteSize();
    }

    @Override
    public void load(Kernels kernels, int at, int n, Worker w) {
      int columns = n / (Kernels.ROW_VECTORS * lanes);
      kernels.unpackHalves(scales.address() + 2L * at, columns, w.memory(UNPACKED, 4L * n));
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
      long unpacked = w.memory(UNPACKED, 4L * blocks * Kernels.ROW_VECTORS * lanes);
      kernels.addScaled(unpacked, sums, width, blocks, totals, to);
    }
  }

  /** Scales alone that need float. */
  record Floats(MemorySegment scales) implements BlockScales {
    @Override
    public float scale(int i) {
      return scales.getAtIndex(FLOAT, i);
    }

    @Override
    public float min(int i) {
      return 0;
    }

    @Override
    public long bytes() {
      return scales.byteSize();
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
      kernels.addScaled(scales.address() + 4L * at, sums, width, blocks, totals, to);
    }
  }

  /** Scales and minimums that need float. */
  record WithMins(MemorySegment scales, MemorySegment mins) implements BlockScales {
    @Override
    public float scale(int i) {
      return scales.getAtIndex(FLOAT, i);
    }

    @Override
    public float min(int i) {
      return mins.getAtIndex(FLOAT, i);
    }

    @Override
    public long bytes() {
      return scales.byteSize() + mins.byteSize();
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
      kernels.addScaled(scales.address() + 4L * at, sums, width, blocks, totals, to);
      kernels.addMins(mins.address() + 4L * at, x, xAt, width, blocks, totals, to);
    }
  }

  /** Finite float16 numbers: scale in the high half, minimum in the low half. */
  record HalfPairs(MemorySegment pairs) implements BlockScales {
    private void fill(float[] scales, float[] mins) {
      for (int i = 0; i < scales.length; i++) {
        int low = Float.floatToFloat16(mins[i]) & 0xffff;
        pairs.setAtIndex(INT, i, Float.floatToFloat16(scales[i]) << 16 | low);
      }
    }

    @Override
    public float scale(int i) {
      return Float.float16ToFloat((short) (pairs.getAtIndex(INT, i) >> 16));
    }

    @Override
    public float min(int i) {
      return Float.float16ToFloat((short) pairs.getAtIndex(INT, i));
    }

    @Override
    public long bytes() {
      return pairs.byteSize();
    }

    @Override
    public void load(Kernels kernels, int at, int n, Worker w) {
      kernels.unpackPairs(pairs.address() + 4L * at, n, w.memory(UNPACKED, 8L * n));
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
      long unpacked = w.memory(UNPACKED, 8L * n);
      kernels.addScaled(unpacked, sums, width, blocks, totals, to);
      kernels.addMins(unpacked + 4L * n, x, xAt, width, blocks, totals, to);
    }
  }
}
