package dev.slipstream.engine.tensor;

import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads rows of a tensor as floats, in any weight format, straight from the file's bytes: what a
 * stored number means, rounded once to float. Not for use by several threads.
 */
public final class RowDecoder {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment data;
  private final GgmlType type;
  private final int columns;
  private final QuantBlock block = new QuantBlock();

  public RowDecoder(GgufTensor tensor) {
    this.data = tensor.data();
    this.type = tensor.type();
    this.columns = tensor.columns();
  }

  /** Writes row number {@code row} to out[0 .. columns). */
  public void decode(int row, float[] out) {
    long start = row * type.rowBytes(columns);
    switch (type) {
      case F32 -> {
        for (int i = 0; i < columns; i++) {
          out[i] = data.get(FLOAT, start + 4L * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < columns; i++) {
          out[i] = Float.float16ToFloat(data.get(SHORT, start + 2L * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < columns; i++) {
          out[i] = Float.intBitsToFloat(data.get(SHORT, start + 2L * i) << 16);
        }
      }
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K ->
          decodeBlocks(QuantFormat.valueOf(type.name()), start, out);
    }
  }

  private void decodeBlocks(QuantFormat format, long start, float[] out) {
    int elements = type.blockElements();
    for (int at = 0; at < columns; at += elements) {
      format.decode(data, start + type.rowBytes(at), block);
      for (int i = 0; i < elements; i++) {
        int s = i / format.subBlock;
        // The product is exact, so that there is one rounding, as in ggml.
        out[at + i] =
            format.mins != QuantFormat.Mins.NONE
                ? Math.fma(block.scales[s], block.codes[i], block.mins[s])
                : block.scales[s] * block.codes[i];
      }
    }
  }
}
