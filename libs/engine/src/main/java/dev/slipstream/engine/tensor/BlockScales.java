package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The scales and minimums of a quantised matrix, for one block of a group's rows after the other.
 *
 * @param lanes of the kernels
 */
record BlockScales(Form form, MemorySegment memory, int lanes) {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Number of the worker's scratch memory. */
  private static final int UNPACKED = 1;

  /** How they are stored. */
  enum Form {
    FLOATS(4),
    /** Finite float16 numbers in the layout of the kernels' float16 weights. */
    HALVES(2),
    /** Of each block first the scales, then the minimums. */
    FLOATS_AND_MINS(8),
    /** Finite float16 numbers: a scale in the high half of an int, its minimum in the low half. */
    HALVES_AND_MINS(4);

    /** Bytes of a scale and its minimum. */
    final int bytes;

    Form(int bytes) {
      this.bytes = bytes;
    }

    static Form of(boolean mins, boolean halves) {
      if (mins) {
        return halves ? HALVES_AND_MINS : FLOATS_AND_MINS;
      }
      return halves ? HALVES : FLOATS;
    }

    boolean hasMins() {
      return this == FLOATS_AND_MINS || this == HALVES_AND_MINS;
    }
  }

  /** Stores scale i, and its minimum if the form has those. */
  void put(long i, float scale, float min) {
    switch (form) {
      case FLOATS -> memory.set(FLOAT, 4 * i, scale);
      case HALVES -> memory.set(SHORT, half(i), Float.floatToFloat16(scale));
      case FLOATS_AND_MINS -> {
        memory.set(FLOAT, split(i), scale);
        memory.set(FLOAT, split(i) + toMin(), min);
      }
      case HALVES_AND_MINS -> {
        int low = Float.floatToFloat16(min) & 0xffff;
        memory.set(INT, 4 * i, Float.floatToFloat16(scale) << 16 | low);
      }
    }
  }

  float scale(long i) {
    return switch (form) {
      case FLOATS -> memory.get(FLOAT, 4 * i);
      case HALVES -> Float.float16ToFloat(memory.get(SHORT, half(i)));
      case FLOATS_AND_MINS -> memory.get(FLOAT, split(i));
      case HALVES_AND_MINS -> Float.float16ToFloat((short) (memory.get(INT, 4 * i) >> 16));
    };
  }

  /** A stored minimum; the scale if the form has none. */
  float min(long i) {
    return switch (form) {
      case FLOATS, HALVES -> scale(i);
      case FLOATS_AND_MINS -> memory.get(FLOAT, split(i) + toMin());
      case HALVES_AND_MINS -> Float.float16ToFloat((short) memory.get(INT, 4 * i));
    };
  }

  private long half(long i) {
    return 2 * (i / (2 * lanes) * 2 * lanes + i % lanes * 2 + i / lanes % 2);
  }

  private long split(long i) {
    return 4 * (i + i / rows() * rows());
  }

  private int rows() {
    return Kernels.ROW_VECTORS * lanes;
  }

  private long address(long i) {
    return memory.address() + i * form.bytes;
  }

  /** Unpacks n scales, from the one numbered i on, as floats. */
  void load(Kernels kernels, long i, int n, Worker w) {
    if (form == Form.HALVES) {
      kernels.unpackHalves(address(i), n / rows(), loaded(i, n, w));
    } else if (form == Form.HALVES_AND_MINS) {
      kernels.unpackPairs(address(i), n, loaded(i, n, w));
    }
  }

  /** Where the n scales that were loaded are. */
  long loaded(long i, int n, Worker w) {
    return switch (form) {
      case FLOATS, FLOATS_AND_MINS -> address(i);
      case HALVES -> w.memory(UNPACKED, 4L * n);
      case HALVES_AND_MINS -> w.memory(UNPACKED, 8L * n);
    };
  }

  /** Bytes from the loaded scales of a block to those of the next. */
  long stride() {
    return (form.hasMins() ? 8L : 4L) * rows();
  }

  /** Bytes from a loaded scale to its minimum, or to itself if the form has none. */
  long toMin() {
    return form.hasMins() ? 4L * rows() : 0;
  }
}
