package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.QuantFormat.Mins;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Integer codes with a scale, and perhaps a minimum, for every 16 or 32 columns of a row. */
final class QuantizedMatrix extends WeightMatrix {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final QuantFormat format;
  private final int block;

  /** Bytes that a column's codes take in a group. */
  private final int columnBytes;

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
    this.columnBytes = lanes * format.codeBits / 2;
    this.codes = memory.take(Math.multiplyExact((long) groups * paddedColumns, columnBytes));
    boolean finite = memory.choice(2, () -> hasFiniteHalves(tensor, pool) ? 1 : 0) == 1;
    this.scales = BlockScales.of(format, scaleIndex(groups, 0), lanes, finite, memory);
    if (!memory.isFilled()) {
      pool.run(
          w -> {
            QuantBlock decoded = new QuantBlock();
            for (int row = firstRow(w.first(groups)); row < firstRow(w.end(groups)); row++) {
              w.checkpoint();
              packRow(tensor.data(), row, decoded);
            }
          });
    }
  }

  private boolean hasFiniteHalves(GgufTensor tensor, ComputePool pool) {
    AtomicBoolean all = new AtomicBoolean(true);
    pool.run(
        w -> {
          for (int row = firstRow(w.first(groups)); row < firstRow(w.end(groups)); row++) {
            w.checkpoint();
            if (!hasFiniteHalves(tensor, row)) {
              all.set(false);
              return;
            }
          }
        });
    return all.get();
  }

  private boolean hasFiniteHalves(GgufTensor tensor, int row) {
    long rowBytes = tensor.type().rowBytes(columns());
    long end = (row + 1) * rowBytes;
    for (long at = row * rowBytes; at < end; at += tensor.type().blockBytes()) {
      if (!format.hasFiniteHalves(tensor.data(), at)) {
        return false;
      }
    }
    return true;
  }

  private void packRow(MemorySegment data, int row, QuantBlock decoded) {
    int elements = format.type.blockElements();
    int blocks = columns() / elements;
    for (int b = 0; b < blocks; b++) {
      format.decode(data, ((long) row * blocks + b) * format.type.blockBytes(), decoded);
      for (int i = 0; i < elements; i++) {
        putCode(row, b * elements + i, decoded.codes[i]);
      }
      for (int i = 0; i < elements / block; i++) {
        long at = scaleIndex(row / groupRows, b * elements + i * block) + row % groupRows;
        scales.put(at, decoded, i);
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

  /** Offset of the code of a row and column, which it shares with three other rows. */
  private long codeAt(int row, int column) {
    return codesAt(row / groupRows, column) + (long) row % lanes * format.codeBits / 2;
  }

  /** Offset of the codes of a group's column. */
  private long codesAt(int group, int column) {
    return ((long) group * paddedColumns + column) * columnBytes;
  }

  @Override
  long address(int group, int column) {
    return codes.address() + codesAt(group, column);
  }

  /** Number of the first scale of a column's block. */
  private long scaleIndex(int group, int column) {
    return ((long) group * (paddedColumns / block) + column / block) * groupRows;
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
  float minUnit() {
    return format.mins.factor;
  }

  /** Codes are so few bytes that it costs as much as it saves. */
  @Override
  void fetch(int group, int k, int n, Worker w) {}

  @Override
  void loadScales(int group, int k, int n, Worker w) {
    scales.load(kernels, scaleIndex(group, k), n / block * groupRows, w);
  }

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
    int width = x.tileWidth(tile);
    int blocks = n / block;
    long scale = scales.loaded(scaleIndex(group, k), blocks * groupRows, w);
    long stride = scales.stride();
    kernels.addScaled(scale, stride, sums, from, width, blocks, totals, to);
    if (format.mins != Mins.NONE) {
      int xAt = x.tileOffset(tile) / block + k / block * width;
      long min = scale + scales.toMin();
      kernels.addMins(min, stride, x.sums(block), xAt, width, blocks, totals, to);
    }
  }

  @Override
  public void dequantizeRow(int row, float[] out, int offset) {
    for (int k = 0; k < columns(); k++) {
      long at = scaleIndex(row / groupRows, k) + row % groupRows;
      float scale = scales.scale(at);
      float min = format.mins == Mins.NONE ? 0 : format.mins.factor * scales.min(at);
      out[offset + k] = Math.fma(scale, code(row, k), min);
    }
  }

  @Override
  public long bytes() {
    return codes.byteSize() + scales.memory().byteSize();
  }

  @Override
  public List<MemorySegment> memory() {
    return List.of(codes, scales.memory());
  }
}
