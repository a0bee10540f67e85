package dev.slipstream.engine.quantization;

import java.util.Arrays;

/**
 * Q6_K: sixteen sub-blocks of 16 codes from -32 to 31, each with a scale of eight bits, which is a
 * multiple of one float16 number. Sub-blocks are fitted first ({@link SymmetricFit}).
 */
final class SixBitEncoder implements BlockEncoder {
  private static final int SUB_BLOCKS = 16;
  private static final int SUB_BLOCK = 16;
  private static final int SIZE = SUB_BLOCKS * SUB_BLOCK;
  private static final int BYTES = 210;
  private static final int HIGH_BITS = 128;
  private static final int SCALES = 192;
  private static final int FACTOR = 208;
  private static final int HALF_RANGE = 32;

  private final SymmetricFit fit = new SymmetricFit(SUB_BLOCK, HALF_RANGE);
  private final float[] scales = new float[SUB_BLOCKS];
  private final int[] codes = new int[SIZE];

  @Override
  public void encode(float[] x, int at, byte[] out, int o) {
    Packing.requireFinite(x, at, SIZE);
    float largest = 0;
    for (int j = 0; j < SUB_BLOCKS; j++) {
      scales[j] = fit.fit(x, at + j * SUB_BLOCK, codes, j * SUB_BLOCK);
      if (!Float.isFinite(scales[j])) {
        throw new ArithmeticException("a number is too large for the squares that fit a scale");
      }
      largest = Math.abs(scales[j]) > Math.abs(largest) ? scales[j] : largest;
    }
    if (Math.abs(largest) < SymmetricFit.NOTHING) {
      Arrays.fill(out, o, o + BYTES, (byte) 0);
      return;
    }
    float inverse = -128 / largest;
    Packing.putHalf(out, o + FACTOR, 1 / inverse);
    float d = Packing.half(1 / inverse);
    for (int j = 0; j < SUB_BLOCKS; j++) {
      int scale = Math.min(127, Packing.nearest(inverse * scales[j]));
      out[o + SCALES + j] = (byte) scale;
      assignCodes(x, at, j, d * scale);
    }
    putCodes(out, o);
  }

  private void assignCodes(float[] x, int at, int j, float scale) {
    if (scale == 0) {
      return;
    }
    for (int i = j * SUB_BLOCK; i < (j + 1) * SUB_BLOCK; i++) {
      int code = Packing.nearest(x[at + i] / scale);
      codes[i] = HALF_RANGE + Math.clamp(code, -HALF_RANGE, HALF_RANGE - 1);
    }
  }

  private void putCodes(byte[] out, int o) {
    for (int half = 0; half < 2; half++) {
      for (int i = 0; i < 32; i++) {
        int p = half * 128 + i;
        int low = o + half * 64 + i;
        out[low] = (byte) (codes[p] & 15 | (codes[p + 64] & 15) << 4);
        out[low + 32] = (byte) (codes[p + 32] & 15 | (codes[p + 96] & 15) << 4);
        out[o + HIGH_BITS + half * 32 + i] =
            (byte)
                (codes[p] >> 4
                    | codes[p + 32] >> 4 << 2
                    | codes[p + 64] >> 4 << 4
                    | codes[p + 96] >> 4 << 6);
      }
    }
  }
}
