package dev.slipstream.engine.tensor;

import dev.slipstream.engine.gguf.GgufTensor;
import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Integer codes with a scale, and perhaps a minimum, for every 16 or 32 columns of a row. */
final class QuantizedMatrix extends WeightMatrix {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final float[] NO_SUMS = {};

  private final QuantFormat format;
  private final int block;
  private final long codesPerGroup;
  private final int scalesPerGroup;
  private final int codeBytes;
  private final MemorySegment codes;
  private final BlockScales scales;

  QuantizedMatrix(
      GgufTensor tensor,
      QuantFormat format,
      ComputePool pool,
      Kernels kernels,
      WeightMemory memory) {
    super(tensor, kernels);
    this.format = format;
    this.block = format.subBlock;
    this.codesPerGroup = (long) paddedColumns * lanes;
    this.scalesPerGroup = paddedColumns / block * groupRows;
    this.codeBytes = format.codeBits / 2;
    int count = arrayLength(tensor, (long) groups * scalesPerGroup);
    this.codes = memory.take((long) groups * codesPerGroup * codeBytes);
    this.scales =
        memory.isFilled()
            ? BlockScales.in(memory, count, format.hasMins, lanes)
            : pack(tensor, count, pool, memory);
  }

  private BlockScales pack(GgufTensor tensor, int count, ComputePool pool, WeightMemory memory) {
    float[] scale = new float[count];
    float[] min = new float[format.hasMins ? count : 0];
    pool.run(
        w -> {
          QuantBlock decoded = new QuantBlock();
          for (int row = firstRow(w.first(groups)); row < firstRow(w.end(groups)); row++) {
            packRow(tensor.data(), row, decoded, scale, min);
          }
        });
    return BlockScales.of(scale, min, lanes, memory);
  }

  private void packRow(
      MemorySegment data, int row, QuantBlock decoded, float[] scale, float[] min) {
    int elements = format.type.blockElements();
    int blocks = columns() / elements;
    for (int b = 0; b < blocks; b++) {
      format.decode(data, ((long) row * blocks + b) * format.type.blockBytes(), decoded);
      for (int i = 0; i < elements; i++) {
        putCode(row, b * elements + i, decoded.codes[i]);
      }
      for (int i = 0; i < elements / block; i++) {
        int at = scaleIndex(row, b * elements + i * block);
        scale[at] = decoded.scales[i];
        if (format.hasMins) {
          min[at] = decoded.mins[i];
        }
      }
    }
  }

  private void putCode(int row, int column, int code) {
    long at = codeAt(row, column);
    int j = row % groupRows / lanes;
    if (format.codeBits == 4) {
      codes.set(SHORT, at, (short) (codes.get(SHORT, at) | code << 4 * j));
    } else {
      codes.set(INT, at, codes.get(INT, at) | (code & 0xff) << 8 * j);
    }
  }

  private int code(int row, int column) {
    long at = codeAt(row, column);
    int j = row % groupRows / lanes;
    return format.codeBits == 4
        ? codes.get(SHORT, at) >> 4 * j & 15
        : (byte) (codes.get(INT, at) >> 8 * j);
  }

  /** Offset in bytes of the code of a row and column, which it shares with three other rows. */
  private long codeAt(int row, int column) {
    return codesAt(row / groupRows, column) + (long) row % lanes * codeBytes;
  }

  private long codesAt(int group, int column) {
    return (group * codesPerGroup + (long) column * lanes) * codeBytes;
  }

  private int scaleIndex(int row, int column) {
    return row / groupRows * scalesPerGroup + column / block * groupRows + row % groupRows;
  }

  @Override
  Codes codes() {
    return format.codeBits == 4 ? Codes.NIBBLES : Codes.BYTES;
  }

  @Override
  int block() {
    return block;
  }

  @Override
  boolean hasMins() {
    return format.hasMins;
  }

  /** Codes are so few bytes that it costs as much as it saves. */
  @Override
  void fetch(int group, int k, int n, Worker w) {}

  @Override
  void unpack(int group, int k, int n, long panel) {
    long at = codes.address() + codesAt(group, k);
    if (format.codeBits == 4) {
      kernels.unpackNibbles(at, n, panel);
    } else {
      kernels.unpackBytes(at, n, panel);
    }
  }

  @Override
  void sumBlocks(int group, int k, int n, Activations x, int tile, float[] sums) {
    int width = x.tileWidth(tile);
    int xo = x.tileOffset(tile) + k * width;
    long at = codes.address() + codesAt(group, k);
    if (format.codeBits == 4) {
      kernels.nibbles(at, x.values, xo, width, n, block, sums);
    } else {
      kernels.bytes(at, x.values, xo, width, n, block, sums);
    }
  }

  @Override
  void loadScales(int group, int k, int n, Worker w) {
    int at = group * scalesPerGroup + k / block * groupRows;
    scales.load(kernels, at, n / block * groupRows, w);
  }

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
    int width = x.tileWidth(tile);
    int at = group * scalesPerGroup + k / block * groupRows;
    float[] xSums = format.hasMins ? x.sums(block) : NO_SUMS;
    int xAt = x.tileOffset(tile) / block + k / block * width;
    scales.add(kernels, at, xSums, xAt, sums, width, n / block, totals, to, w);
  }

  @Override
  public void dequantizeRow(int row, float[] out, int offset) {
    for (int k = 0; k < columns(); k++) {
      int at = scaleIndex(row, k);
      out[offset + k] = Math.fma(scales.scale(at), code(row, k), scales.min(at));
    }
  }

  @Override
  public long bytes() {
    return codes.byteSize() + scales.bytes();
  }
}
