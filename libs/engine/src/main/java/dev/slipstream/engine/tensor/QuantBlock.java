package dev.slipstream.engine.tensor;

/**
 * One decoded block of a quantised row: element i is {@code scales[i / s] * codes[i] + mins[i /
 * s]}, where s is the format's sub-block size. Reused from block to block.
 *
 * <p>In a super-block (the K formats), {@code scales[i] = factor * scaleCodes[i]}, and where
 * minimums are stored {@code mins[i] = minFactor * minCodes[i]}: float16 numbers times small
 * integers, so that the products are exact.
 */
final class QuantBlock {
  final int[] codes = new int[256];
  final float[] scales = new float[16];
  final float[] mins = new float[16];
  final byte[] scaleCodes = new byte[16];
  final byte[] minCodes = new byte[16];
  float factor;
  float minFactor;

  /** Sets the scale and minimum of sub-block i of a super-block whose factors are set. */
  void setScale(int i, int scaleCode, int minCode) {
    scaleCodes[i] = (byte) scaleCode;
    scales[i] = factor * scaleCode;
    minCodes[i] = (byte) minCode;
    mins[i] = minFactor * minCode;
  }
}
