package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Scales, and minimums, that are stored one by one.
 *
 * @param lanes of the kernels
 */
record StoredScales(Form form, MemorySegment memory, int lanes) implements BlockScales {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

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

  @Override
  public void put(long i, QuantBlock block, int sub) {
    float scale = block.scales[sub];
    float min = block.mins[sub];
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

  @Override
  public float scale(long i) {
    return switch (form) {
      case FLOATS -> memory.get(FLOAT, 4 * i);
      case HALVES -> Float.float16ToFloat(memory.get(SHORT, half(i)));
      case FLOATS_AND_MINS -> memory.get(FLOAT, split(i));
      case HALVES_AND_MINS -> Float.float16ToFloat((short) (memory.get(INT, 4 * i) >> 16));
    };
  }

  @Override
  public float min(long i) {
    return switch (form) {
      case FLOATS, HALVES -> scale(i);
      case FLOATS_AND_MINS -> memory.get(FLOAT, split(i) + toMin());
      case HALVES_AND_MINS -> Float.float16ToFloat((short) memory.get(INT, 4 * i));
    };
  }

  private long half(long i) {
    return 2 * (i / (2L * lanes) * 2 * lanes + i % lanes * 2 + i / lanes % 2);
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

  @Override
  public void load(Kernels kernels, long i, int n, Worker w) {
    if (form == Form.HALVES) {
      kernels.unpack(Codes.HALVES, address(i), n / rows(), loaded(i, n, w));
    } else if (form == Form.HALVES_AND_MINS) {
      kernels.unpackPairs(address(i), n, loaded(i, n, w));
    }
  }

  @Override
  public long loaded(long i, int n, Worker w) {
    return switch (form) {
      case FLOATS, FLOATS_AND_MINS -> address(i);
      case HALVES -> w.memory(BlockScales.UNPACKED, 4L * n);
      case HALVES_AND_MINS -> w.memory(BlockScales.UNPACKED, 8L * n);
    };
  }

  @Override
  public long stride() {
    return (form.hasMins() ? 8L : 4L) * rows();
  }

  @Override
  public long toMin() {
    return form.hasMins() ? 4L * rows() : 0;
  }
}
