package dev.slipstream.engine.quantization;

/** Q8_0: a float16 scale and 32 codes from -127 to 127. */
record ByteEncoder() implements BlockEncoder {
  private static final int SIZE = 32;
  private static final int LARGEST = 127;

  @Override
  public void encode(float[] x, int at, byte[] out, int o) {
    Packing.requireFinite(x, at, SIZE);
    float largest = 0;
    for (int i = 0; i < SIZE; i++) {
      largest = Math.max(largest, Math.abs(x[at + i]));
    }
    float scale = largest / LARGEST;
    float inverse = scale == 0 ? 0 : 1 / scale;
    Packing.putHalf(out, o, scale);
    for (int i = 0; i < SIZE; i++) {
      float code = x[at + i] * inverse;
      // Ties away from zero, as C's roundf; exact in double.
      out[o + 2 + i] = (byte) (int) (code + Math.copySign(0.5, code));
    }
  }
}
