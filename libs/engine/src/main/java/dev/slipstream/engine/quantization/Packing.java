package dev.slipstream.engine.quantization;

/** How numbers lie in a block, and how ggml rounds them. */
final class Packing {
  /** Adding it leaves a float's integer part in the low bits of the mantissa. */
  private static final float ROUNDING = 12_582_912f;

  private static final int MANTISSA = 0x007f_ffff;
  private static final int ZERO = 0x0040_0000;

  private Packing() {}

  /** Stores a float16, rounded to the nearest. */
  static void putHalf(byte[] out, int o, float value) {
    short half = Float.floatToFloat16(value);
    if (!Float.isFinite(Float.float16ToFloat(half))) {
      throw new ArithmeticException(value + " is too large for a float16");
    }
    putShort(out, o, half);
  }

  static void putShort(byte[] out, int o, int bits) {
    out[o] = (byte) bits;
    out[o + 1] = (byte) (bits >>> 8);
  }

  static void putInt(byte[] out, int o, int bits) {
    putShort(out, o, bits);
    putShort(out, o + 2, bits >>> 16);
  }

  /** The value that {@link #putHalf} stores. */
  static float half(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }

  /** The nearest integer, ties to even, of a number within 2^22 of zero. */
  static int nearest(float value) {
    return (Float.floatToRawIntBits(value + ROUNDING) & MANTISSA) - ZERO;
  }

  /** Codes of a block of 32: low nibbles hold the first half of them, high nibbles the second. */
  static void putNibbles(int[] codes, byte[] out, int o) {
    for (int i = 0; i < 16; i++) {
      out[o + i] = (byte) (codes[i] & 15 | codes[i + 16] << 4);
    }
  }

  /** Bit 4 of 32 codes. */
  static void putFifthBits(int[] codes, byte[] out, int o) {
    int bits = 0;
    for (int i = 0; i < 32; i++) {
      bits |= (codes[i] >> 4 & 1) << i;
    }
    putInt(out, o, bits);
  }

  static void requireFinite(float[] x, int at, int n) {
    for (int i = at; i < at + n; i++) {
      if (!Float.isFinite(x[i])) {
        throw new ArithmeticException(x[i] + " has no place in a block with a common scale");
      }
    }
  }
}
