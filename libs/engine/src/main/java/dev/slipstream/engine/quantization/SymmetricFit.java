package dev.slipstream.engine.quantization;

import java.util.Arrays;

/**
 * Finds scale and codes of a sub-block with the smallest square error, weighted by the numbers'
 * squares: ggml's make_qx_quants. For each of several steps around the plain one, codes are
 * assigned and the best scale for these codes is computed by least squares.
 */
final class SymmetricFit {
  /** A sub-block whose numbers are all smaller counts as zero. */
  static final float NOTHING = 1e-15f;

  private static final int STEPS = 9;
  private static final float STEP = 0.1f;

  private final int size;
  private final int halfRange;
  private final int[] tried;
  private float sumXl;
  private float sumL2;

  /**
   * @param halfRange codes are from -halfRange to halfRange - 1
   */
  SymmetricFit(int size, int halfRange) {
    this.size = size;
    this.halfRange = halfRange;
    this.tried = new int[size];
  }

  /**
   * Fits x[at .. at+size), writes the codes, plus halfRange, to codes[to ..]; returns the scale.
   */
  float fit(float[] x, int at, int[] codes, int to) {
    float farthest = 0;
    for (int i = 0; i < size; i++) {
      farthest = Math.abs(x[at + i]) > Math.abs(farthest) ? x[at + i] : farthest;
    }
    if (Math.abs(farthest) < NOTHING) {
      Arrays.fill(codes, to, to + size, 0);
      return 0;
    }
    assign(x, at, -halfRange / farthest);
    keep(codes, to);
    float scale = sumL2 == 0 ? 0 : sumXl / sumL2;
    float best = scale * sumXl;
    for (int step = -STEPS; step <= STEPS; step++) {
      if (step == 0) {
        continue;
      }
      assign(x, at, -(halfRange + STEP * step) / farthest);
      if (sumL2 > 0 && sumXl * sumXl > best * sumL2) {
        keep(codes, to);
        scale = sumXl / sumL2;
        best = scale * sumXl;
      }
    }
    return scale;
  }

  private void assign(float[] x, int at, float inverse) {
    sumXl = 0;
    sumL2 = 0;
    for (int i = 0; i < size; i++) {
      float value = x[at + i];
      int code = Math.clamp(Packing.nearest(inverse * value), -halfRange, halfRange - 1);
      tried[i] = code;
      float weight = value * value;
      sumXl += weight * value * code;
      sumL2 += weight * code * code;
    }
  }

  private void keep(int[] codes, int to) {
    for (int i = 0; i < size; i++) {
      codes[to + i] = tried[i] + halfRange;
    }
  }
}
