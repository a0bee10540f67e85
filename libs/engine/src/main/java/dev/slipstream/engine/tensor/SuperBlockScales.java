package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Scales, and minimums, that are a float16 factor for each row of a super-block times a byte for
 * each of its blocks, as the K formats have them: a quarter of what the products would take. The
 * factors lie before the bytes; see {@link Kernels#unpack}, {@link Kernels#unpackPairs} and {@link
 * Kernels#multiplyFactors} for the layouts.
 *
 * @param mins whether minimums are stored
 * @param blocks blocks of a super-block
 * @param lanes of the kernels
 */
record SuperBlockScales(boolean mins, int blocks, MemorySegment memory, int lanes)
    implements BlockScales {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Number of the worker's scratch memory for factors. */
  private static final int FACTORS = 2;

  static SuperBlockScales of(
      boolean mins, QuantFormat format, long n, int lanes, WeightMemory memory) {
    int blocks = format.type.blockElements() / format.subBlock;
    int perScale = mins ? 2 : 1;
    // A factor is two bytes and a code one, for each scale and minimum.
    long bytes = Math.multiplyExact(n / blocks, perScale * (2 + blocks));
    return new SuperBlockScales(mins, blocks, memory.take(bytes), lanes);
  }

  @Override
  public void put(long i, QuantBlock block, int sub) {
    short factor = Float.floatToFloat16(block.factor);
    if (mins) {
      int low = Float.floatToFloat16(block.minFactor) & 0xffff;
      memory.set(INT, pairAt(i), factor << 16 | low);
      memory.set(ValueLayout.JAVA_BYTE, codeAt(i) + 4L * lanes, block.minCodes[sub]);
    } else {
      memory.set(SHORT, halfAt(i), factor);
    }
    memory.set(ValueLayout.JAVA_BYTE, codeAt(i), block.scaleCodes[sub]);
  }

  @Override
  public float scale(long i) {
    short factor = mins ? (short) (memory.get(INT, pairAt(i)) >> 16) : memory.get(SHORT, halfAt(i));
    return Float.float16ToFloat(factor) * memory.get(ValueLayout.JAVA_BYTE, codeAt(i));
  }

  @Override
  public float min(long i) {
    if (!mins) {
      return scale(i);
    }
    float factor = Float.float16ToFloat((short) memory.get(INT, pairAt(i)));
    return factor * memory.get(ValueLayout.JAVA_BYTE, codeAt(i) + 4L * lanes);
  }

  private int rows() {
    return Kernels.ROW_VECTORS * lanes;
  }

  private int perScale() {
    return mins ? 2 : 1;
  }

  /** Offset of super-block number s. */
  private long start(long s) {
    return s * rows() * perScale() * (2 + blocks);
  }

  /** Offset of block b's codes in a super-block. */
  private long codes(long b) {
    return (long) rows() * perScale() * (2 + b);
  }

  private long pairAt(long i) {
    return start(i / rows() / blocks) + 4 * (i % rows());
  }

  private long halfAt(long i) {
    long row = i % rows();
    long pair = row / (2L * lanes) * lanes + row % lanes;
    return start(i / rows() / blocks) + 4 * pair + 2 * (row / lanes % 2);
  }

  private long codeAt(long i) {
    long block = i / rows();
    long row = i % rows();
    return start(block / blocks) + codes(block % blocks) + row % lanes * 4 + row / lanes;
  }

  @Override
  public void load(Kernels kernels, long i, int n, Worker w) {
    long factors = w.memory(FACTORS, (mins ? 8L : 4L) * rows());
    long out = loaded(i, n, w);
    long end = i / rows() + n / rows();
    for (long block = i / rows(); block < end; ) {
      long superBlock = block / blocks;
      int count = (int) (Math.min(end, (superBlock + 1) * blocks) - block);
      long at = memory.address() + start(superBlock);
      if (mins) {
        kernels.unpackPairs(at, rows(), factors);
      } else {
        kernels.unpack(Codes.HALVES, at, 1, factors);
      }
      kernels.multiplyFactors(factors, at + codes(block % blocks), count, mins, out);
      out += count * stride();
      block += count;
    }
  }

  @Override
  public long loaded(long i, int n, Worker w) {
    return w.memory(BlockScales.UNPACKED, (mins ? 8L : 4L) * n);
  }

  @Override
  public long stride() {
    return (mins ? 8L : 4L) * rows();
  }

  @Override
  public long toMin() {
    return mins ? 4L * rows() : 0;
  }
}
