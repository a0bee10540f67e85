package dev.slipstream.engine.tensor;

import dev.slipstream.engine.gguf.GgmlType;
import dev.slipstream.engine.gguf.GgufTensor;
import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
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
  private final int[] halves;
  private final float[] floats;

  RealMatrix(GgufTensor tensor, ComputePool pool, Kernels kernels) {
    super(tensor, kernels);
    MemorySegment data = tensor.data();
    this.storage = isFinite(tensor, pool) ? tensor.type() : GgmlType.F32;
    long padded = (long) groups * groupRows * paddedColumns;
    boolean wide = storage == GgmlType.F32;
    this.floats = new float[wide ? arrayLength(tensor, padded) : 0];
    this.halves = new int[wide ? 0 : arrayLength(tensor, padded / 2)];
    pool.run(
        w -> {
          for (int row = firstRow(w.first(groups)); row < firstRow(w.end(groups)); row++) {
            packRow(data, tensor.type(), row);
          }
        });
  }

  private boolean isFinite(GgufTensor tensor, ComputePool pool) {
    if (tensor.type() != GgmlType.F16) {
      return true;
    }
    AtomicBoolean finite = new AtomicBoolean(true);
    pool.run(
        w -> {
          long end = (long) firstRow(w.end(groups)) * columns();
          for (long i = (long) firstRow(w.first(groups)) * columns(); i < end; i++) {
            if ((tensor.data().get(SHORT, 2 * i) & HALF_EXPONENT) == HALF_EXPONENT) {
              finite.set(false);
            }
          }
        });
    return finite.get();
  }

  private void packRow(MemorySegment data, GgmlType type, int row) {
    long start = (long) row * columns();
    for (int k = 0; k < columns(); k++) {
      if (type == GgmlType.F32) {
        floats[floatIndex(row, k)] = data.get(FLOAT, 4 * (start + k));
      } else if (storage == GgmlType.F32) {
        floats[floatIndex(row, k)] = Float.float16ToFloat(data.get(SHORT, 2 * (start + k)));
      } else {
        int bits = data.get(SHORT, 2 * (start + k)) & 0xffff;
        halves[halfIndex(row, k)] |= isHigh(row) ? bits << 16 : bits;
      }
    }
  }

  private int floatIndex(int row, int column) {
    return (row / groupRows * paddedColumns + column) * groupRows + row % groupRows;
  }

  private int halfIndex(int row, int column) {
    int pairOfVectors = row % groupRows / (2 * lanes);
    int at = (row / groupRows * paddedColumns + column) * 2 + pairOfVectors;
    return at * lanes + row % lanes;
  }

  private boolean isHigh(int row) {
    return row / lanes % 2 == 1;
  }

  @Override
  Codes codes() {
    return storage == GgmlType.F16 ? Codes.HALVES : Codes.REAL;
  }

  @Override
  int block() {
    return BLOCK;
  }

  @Override
  boolean hasMins() {
    return false;
  }

  /** One load a cache line; kept, so that the compiler cannot drop them. */
  @Override
  void fetch(int group, int k, int n, Worker w) {
    int from = (group * paddedColumns + k) * groupRows;
    int to = from + n * groupRows;
    float kept = 0;
    if (storage == GgmlType.F32) {
      for (int i = from; i < to; i += CACHE_LINE / Float.BYTES) {
        kept += floats[i];
      }
    } else {
      for (int i = from / 2; i < to / 2; i += CACHE_LINE / Integer.BYTES) {
        kept += halves[i];
      }
    }
    w.scratch(FETCHED, 1)[0] = kept;
  }

  @Override
  void unpack(int group, int k, int n, float[] panel) {
    int at = (group * paddedColumns + k) * 2 * lanes;
    if (storage == GgmlType.F32) {
      System.arraycopy(floats, 2 * at, panel, 0, n * groupRows);
    } else if (storage == GgmlType.F16) {
      kernels.unpackHalves(halves, at, n, panel);
    } else {
      kernels.unpackBrains(halves, at, n, panel);
    }
  }

  @Override
  void sumBlocks(int group, int k, int n, Activations x, int tile, float[] sums) {
    int width = x.tileWidth(tile);
    int xo = x.tileOffset(tile) + k * width;
    int column = group * paddedColumns + k;
    if (storage == GgmlType.F32) {
      kernels.floats(floats, column * groupRows, x.values, xo, width, n, BLOCK, sums);
    } else if (storage == GgmlType.F16) {
      kernels.halves(halves, column * 2 * lanes, x.halfInputs(), xo, width, n, BLOCK, sums);
    } else {
      kernels.brains(halves, column * 2 * lanes, x.values, xo, width, n, BLOCK, sums);
    }
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
      float[] totals,
      int to,
      Worker w) {
    kernels.addPlain(sums, x.tileWidth(tile), n / BLOCK, totals, to);
  }

  @Override
  public void dequantizeRow(int row, float[] out, int offset) {
    for (int k = 0; k < columns(); k++) {
      if (storage == GgmlType.F32) {
        out[offset + k] = floats[floatIndex(row, k)];
      } else {
        short bits = (short) (halves[halfIndex(row, k)] >>> (isHigh(row) ? 16 : 0));
        out[offset + k] =
            storage == GgmlType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
      }
    }
  }

  @Override
  public long bytes() {
    return floats.length * 4L + halves.length * 4L;
  }
}
