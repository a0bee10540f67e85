package dev.slipstream.engine.tensor;

import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;

/**
 * A tensor of random bits whose scales are ordinary numbers of either sign.
 *
 * @param values what ggml says the elements are
 */
record RandomTensor(GgufTensor tensor, double[] values) {
  static RandomTensor of(GgmlType type, int rows, int columns, Random random) {
    int blocks = Math.multiplyExact(rows, columns) / type.blockElements();
    byte[] data = new byte[blocks * type.blockBytes()];
    random.nextBytes(data);
    ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    for (int b = 0; b < blocks; b++) {
      int o = b * type.blockBytes();
      switch (type) {
        case F32 -> buffer.putFloat(o, (float) random.nextGaussian());
        case BF16 -> buffer.putShort(o, bfloat(random));
        case F16, Q4_0, Q5_0, Q8_0 -> buffer.putShort(o, half(random));
        case Q3_K -> buffer.putShort(o + 108, half(random));
        case Q6_K -> buffer.putShort(o + 208, half(random));
        case Q2_K -> buffer.putShort(o + 80, half(random)).putShort(o + 82, half(random));
        case Q4_1, Q5_1, Q4_K, Q5_K ->
            buffer.putShort(o, half(random)).putShort(o + 2, half(random));
      }
    }
    return of(type, rows, columns, data);
  }

  static RandomTensor of(GgmlType type, int rows, int columns, byte[] data) {
    List<Long> shape = List.of((long) columns, (long) rows);
    GgufTensor tensor = new GgufTensor("test", type, shape, MemorySegment.ofArray(data));
    return new RandomTensor(tensor, GgmlReference.dequantize(type, data, rows * columns));
  }

  private static short half(Random random) {
    return Float.floatToFloat16((float) random.nextGaussian() / 8);
  }

  private static short bfloat(Random random) {
    return (short) (Float.floatToIntBits((float) random.nextGaussian()) >> 16);
  }
}
