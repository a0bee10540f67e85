package dev.slipstream.engine.quantization;

/**
 * Q4_0 and Q5_0: a float16 scale and 32 unsigned codes around the middle. The number farthest from
 * zero gets code 0, which reaches one step farther than the largest code does.
 */
final class SymmetricEncoder implements BlockEncoder {
  private static final int SIZE = 32;

  private final int bits;
  private final int middle;
  private final int[] codes = new int[SIZE];

  /**
   * @param bits 4 or 5
   */
  SymmetricEncoder(int bits) {
    this.bits = bits;
    this.middle = 1 << bits - 1;
  }

  @Override
  public void encode(float[] x, int at, byte[] out, int o) {
    Packing.requireFinite(x, at, SIZE);
    float farthest = 0;
    for (int i = 0; i < SIZE; i++) {
      if (Math.abs(x[at + i]) > Math.abs(farthest)) {
        farthest = x[at + i];
      }
    }
    float scale = farthest / -middle;
    float inverse = scale == 0 ? 0 : 1 / scale;
    Packing.putHalf(out, o, scale);
    for (int i = 0; i < SIZE; i++) {
      int code = (int) (x[at + i] * inverse + (middle + 0.5f));
      codes[i] = Math.clamp(code, 0, 2 * middle - 1);
    }
    if (bits == 5) {
      Packing.putFifthBits(codes, out, o + 2);
    }
    Packing.putNibbles(codes, out, bits == 5 ? o + 6 : o + 2);
  }
}
