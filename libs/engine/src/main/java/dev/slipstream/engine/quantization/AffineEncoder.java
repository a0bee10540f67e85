package dev.slipstream.engine.quantization;

/** Q4_1 and Q5_1: a float16 scale, a float16 minimum and 32 codes from 0. */
final class AffineEncoder implements BlockEncoder {
  private static final int SIZE = 32;

  private final int bits;
  private final int largest;
  private final int[] codes = new int[SIZE];

  /**
   * @param bits 4 or 5
   */
  AffineEncoder(int bits) {
    this.bits = bits;
    this.largest = (1 << bits) - 1;
  }

  @Override
  public void encode(float[] x, int at, byte[] out, int o) {
    Packing.requireFinite(x, at, SIZE);
    float min = x[at];
    float max = x[at];
    for (int i = 1; i < SIZE; i++) {
      // Not Math.min and max: of two zeros, the first one counts.
      min = x[at + i] < min ? x[at + i] : min;
      max = x[at + i] > max ? x[at + i] : max;
    }
    float scale = (max - min) / largest;
    float inverse = scale == 0 ? 0 : 1 / scale;
    Packing.putHalf(out, o, scale);
    Packing.putHalf(out, o + 2, min);
    for (int i = 0; i < SIZE; i++) {
      int code = (int) ((x[at + i] - min) * inverse + 0.5f);
      codes[i] = Math.clamp(code, 0, largest);
    }
    if (bits == 5) {
      Packing.putFifthBits(codes, out, o + 4);
    }
    Packing.putNibbles(codes, out, bits == 5 ? o + 8 : o + 4);
  }
}
