package dev.slipstream.engine.tensor;

/**
 * One decoded block of a quantised row: element i is {@code scales[i / s] * codes[i] + mins[i /
 * s]}, where s is the format's sub-block size. Reused from block to block.
 */
final class QuantBlock {
  final int[] codes = new int[256];
  final float[] scales = new float[16];
  final float[] mins = new float[16];
}
