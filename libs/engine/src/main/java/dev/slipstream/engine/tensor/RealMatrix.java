package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.kernel.NativeMemory;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Floating-point weights: two to an int for the 16-bit formats. A float16 matrix with an infinity
 * or NaN, which the fast decoding does not know, is held in float32.
 */
final class RealMatrix extends WeightMatrix {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK = 32;
  private static final int CACHE_LINE = 64;
  private static final int HALF_EXPONENT = 0x7c00;

  private final GgmlType storage;
  private final int size;
  private final MemorySegment weights;

  RealMatrix(GgufTensor tensor, ComputePool pool, Kernels kernels, WeightMemory memory) {
    super(tensor, kernels);
    int finite = memory.choice(2, () -> isFinite(tensor, pool) ? 1 : 0);
    this.storage = finite == 1 ? tensor.type() : GgmlType.F32;
    this.size = storage == GgmlType.F32 ? Float.BYTES : Short.BYTES;
    this.weights = memory.take(Math.multiplyExact((long) groups * paddedColumns, groupRows * size));
    if (!memory.isFilled()) {
      pool.run(
          w -> {
            for (int row = firstRow(w.first(groups)); row < firstRow(w.end(groups)); row++) {
              w.checkpoint();
              packRow(tensor.data(), tensor.type(), row);
            }
          });
    }
  }

  private boolean isFinite(GgufTensor tensor, ComputePool pool) {
    if (tensor.type() != GgmlType.F16) {
      return true;
    }
    AtomicBoolean finite = new AtomicBoolean(true);
    pool.run(
        w -> {
          for (int row = firstRow(w.first(groups)); row < firstRow(w.end(groups)); row++) {
            w.checkpoint();
            if (!isFinite(tensor.data(), row)) {
              finite.set(false);
              return;
            }
          }
        });
    return finite.get();
  }

  private boolean isFinite(MemorySegment halves, int row) {
    long end = (row + 1L) * columns();
    for (long i = (long) row * columns(); i < end; i++) {
      if ((halves.get(SHORT, 2 * i) & HALF_EXPONENT) == HALF_EXPONENT) {
        return false;
      }
    }
    return true;
  }

  private void packRow(MemorySegment data, GgmlType type, int row) {
    long start = (long) row * columns();
    for (int k = 0; k < columns(); k++) {
      if (type == GgmlType.F32) {
        weights.set(FLOAT, at(row, k), data.get(FLOAT, 4 * (start + k)));
      } else if (storage == GgmlType.F32) {
        weights.set(FLOAT, at(row, k), Float.float16ToFloat(data.get(SHORT, 2 * (start + k))));
      } else {
        weights.set(SHORT, at(row, k), data.get(SHORT, 2 * (start + k)));
      }
    }
  }

  /** Offset in bytes of a weight; 16-bit ones lie in pairs, as the halves of an int. */
  private long at(int row, int column) {
    int inGroup = row % groupRows;
    int place =
        size == Float.BYTES
            ? inGroup
            : 2 * (inGroup / (2 * lanes) * lanes + row % lanes) + row / lanes % 2;
    return columnAt(row / groupRows, column) + (long) place * size;
  }

  private long columnAt(int group, int column) {
    return ((long) group * paddedColumns + column) * groupRows * size;
  }

  @Override
  long address(int group, int column) {
    return weights.address() + columnAt(group, column);
  }

  @Override
  Codes codes() {
    return switch (storage) {
      case F16 -> Codes.HALVES;
      case BF16 -> Codes.BRAINS;
      default -> Codes.FLOATS;
    };
  }

  @Override
  int block() {
    return BLOCK;
  }

  @Override
  float minUnit() {
    return 0;
  }

  /** One load a cache line; kept, so that the compiler cannot drop them. */
  @Override
  void fetch(int group, int k, int n, Worker w) {
    long from = address(group, k);
    long to = address(group, k + n);
    int kept = 0;
    for (long i = from; i < to; i += CACHE_LINE) {
      kept += NativeMemory.getInt(i);
    }
    w.scratch(FETCHED, 1)[0] = kept;
  }

  @Override
  void loadScales(int group, int k, int n, Worker w) {}

  @Override
  void addBlocks(
      int group,
      int k,
      int n,
      Activations x,
      int tile,
      float[] sums,
      int from,
      float[] totals,
      int to,
      Worker w) {
    kernels.addPlain(sums, from, x.tileWidth(tile), n / BLOCK, totals, to);
  }

  @Override
  public void dequantizeRow(int row, float[] out, int offset) {
    for (int k = 0; k < columns(); k++) {
      long at = at(row, k);
      out[offset + k] =
          switch (storage) {
            case F16 -> Float.float16ToFloat(weights.get(SHORT, at));
            case BF16 -> Float.intBitsToFloat(weights.get(SHORT, at) << 16);
            default -> weights.get(FLOAT, at);
          };
    }
  }

  @Override
  public long bytes() {
    return weights.byteSize();
  }

  @Override
  public List<MemorySegment> memory() {
    return List.of(weights);
  }
}
