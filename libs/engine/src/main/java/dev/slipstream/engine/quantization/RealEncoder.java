package dev.slipstream.engine.quantization;

import dev.slipstream.models.gguf.GgmlType;

/** F32, F16 and BF16, rounded to the nearest. Infinities and NaN stay what they are. */
record RealEncoder(GgmlType type) implements BlockEncoder {
  private static final int QUIET = 0x40;

  @Override
  public void encode(float[] x, int at, byte[] out, int o) {
    float value = x[at];
    if (type == GgmlType.F32) {
      Packing.putInt(out, o, Float.floatToRawIntBits(value));
    } else if (type == GgmlType.BF16) {
      short bits = brain(value);
      requireStillFinite(value, Float.intBitsToFloat(bits << 16));
      Packing.putShort(out, o, bits);
    } else {
      short bits = Float.floatToFloat16(value);
      requireStillFinite(value, Float.float16ToFloat(bits));
      Packing.putShort(out, o, bits);
    }
  }

  private void requireStillFinite(float value, float stored) {
    if (Float.isFinite(value) && !Float.isFinite(stored)) {
      throw new ArithmeticException(value + " is too large for " + type);
    }
  }

  private static short brain(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | QUIET);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }
}
