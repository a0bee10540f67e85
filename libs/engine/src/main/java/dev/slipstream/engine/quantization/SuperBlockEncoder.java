package dev.slipstream.engine.quantization;

/**
 * Q4_K and Q5_K: eight sub-blocks of 32, each with a scale and a minimum of six bits, which are
 * multiples of two float16 numbers.
 *
 * <p>Each sub-block is fitted first ({@link AffineFit}). Then, with the scales and minimums as they
 * will be stored, every number gets its nearest code.
 */
final class SuperBlockEncoder implements BlockEncoder {
  private static final int SUB_BLOCKS = 8;
  private static final int SUB_BLOCK = 32;
  private static final int LARGEST_SCALE = 63;
  private static final int PACKED_SCALES = 4;
  private static final int HIGH_BITS = 16;

  private final boolean fiveBits;
  private final int largest;
  private final AffineFit fit;
  private final float[] weights = new float[SUB_BLOCK];
  private final float[] scales = new float[SUB_BLOCKS];
  private final float[] mins = new float[SUB_BLOCKS];
  private final int[] codes = new int[SUB_BLOCKS * SUB_BLOCK];

  /**
   * @param bits 4 or 5
   */
  SuperBlockEncoder(int bits) {
    this.fiveBits = bits == 5;
    this.largest = (1 << bits) - 1;
    this.fit = fiveBits ? new AffineFit(largest, -0.5f, 15) : new AffineFit(largest, -1, 20);
  }

  @Override
  public void encode(float[] x, int at, byte[] out, int o) {
    Packing.requireFinite(x, at, codes.length);
    float maxScale = 0;
    float maxMin = 0;
    for (int j = 0; j < SUB_BLOCKS; j++) {
      weigh(x, at + j * SUB_BLOCK);
      scales[j] = fit.fit(x, at + j * SUB_BLOCK, weights, codes, j * SUB_BLOCK);
      mins[j] = fit.min();
      maxScale = Math.max(maxScale, scales[j]);
      maxMin = Math.max(maxMin, mins[j]);
    }
    Packing.putHalf(out, o, maxScale / LARGEST_SCALE);
    Packing.putHalf(out, o + 2, maxMin / LARGEST_SCALE);
    float d = Packing.half(maxScale / LARGEST_SCALE);
    float dMin = Packing.half(maxMin / LARGEST_SCALE);
    float inverseScale = maxScale > 0 ? LARGEST_SCALE / maxScale : 0;
    float inverseMin = maxMin > 0 ? LARGEST_SCALE / maxMin : 0;
    for (int j = 0; j < SUB_BLOCKS; j++) {
      int scale = sixBits(inverseScale * scales[j]);
      int min = sixBits(inverseMin * mins[j]);
      putScale(out, o + PACKED_SCALES, j, scale, min);
      assignCodes(x, at, j, d * scale, dMin * min);
    }
    putCodes(out, o);
  }

  /** Large numbers count more: by their size and the root mean square. */
  private void weigh(float[] x, int at) {
    float squares = 0;
    for (int i = 0; i < SUB_BLOCK; i++) {
      squares += x[at + i] * x[at + i];
    }
    float mean = (float) Math.sqrt(squares / SUB_BLOCK);
    for (int i = 0; i < SUB_BLOCK; i++) {
      weights[i] = mean + Math.abs(x[at + i]);
    }
  }

  private static int sixBits(float value) {
    // The byte is ggml's: a negative scale, which a fit may have, becomes the largest.
    return Math.min(LARGEST_SCALE, Packing.nearest(value) & 0xff);
  }

  private static void putScale(byte[] out, int p, int j, int scale, int min) {
    if (j < 4) {
      out[p + j] = (byte) scale;
      out[p + j + 4] = (byte) min;
    } else {
      out[p + j + 4] = (byte) (scale & 15 | (min & 15) << 4);
      out[p + j - 4] |= (byte) (scale >> 4 << 6);
      out[p + j] |= (byte) (min >> 4 << 6);
    }
  }

  private void assignCodes(float[] x, int at, int j, float scale, float min) {
    if (scale == 0) {
      return;
    }
    for (int i = j * SUB_BLOCK; i < (j + 1) * SUB_BLOCK; i++) {
      codes[i] = Math.clamp(Packing.nearest((x[at + i] + min) / scale), 0, largest);
    }
  }

  private void putCodes(byte[] out, int o) {
    int low = o + HIGH_BITS;
    if (fiveBits) {
      for (int i = 0; i < SUB_BLOCK; i++) {
        int high = 0;
        for (int j = 0; j < SUB_BLOCKS; j++) {
          high |= (codes[j * SUB_BLOCK + i] >> 4) << j;
        }
        out[o + HIGH_BITS + i] = (byte) high;
      }
      low += SUB_BLOCK;
    }
    for (int j = 0; j < SUB_BLOCKS; j += 2) {
      for (int i = 0; i < SUB_BLOCK; i++) {
        int first = codes[j * SUB_BLOCK + i] & 15;
        int second = codes[(j + 1) * SUB_BLOCK + i] & 15;
        out[low + j / 2 * SUB_BLOCK + i] = (byte) (first | second << 4);
      }
    }
  }
}
