package dev.slipstream.engine.quantization;

import java.util.Arrays;

/**
 * Finds scale, minimum and codes of a sub-block with the smallest weighted square error: ggml's
 * make_qkx2_quants. For each of several steps around the plain one, codes are assigned and the best
 * scale and minimum for these codes are computed by least squares.
 */
final class AffineFit {
  private static final int SIZE = 32;
  private static final float STEP = 0.1f;

  private final int largest;
  private final float firstStep;
  private final int steps;
  private final int[] tried = new int[SIZE];
  private float min;
  private float bestError;
  private float scale;

  /**
   * @param largest code
   * @param firstStep how many codes more than {@code largest} the range is first divided in
   * @param steps how often a tenth of a code is added
   */
  AffineFit(int largest, float firstStep, int steps) {
    this.largest = largest;
    this.firstStep = firstStep;
    this.steps = steps;
  }

  /** What the last fit subtracts, at least 0. */
  float min() {
    return -min;
  }

  /** Fits x[at .. at+32), writes the codes to codes[to ..] and returns the scale. */
  float fit(float[] x, int at, float[] weights, int[] codes, int to) {
    float max = x[at];
    min = x[at];
    float sumW = weights[0];
    float sumX = sumW * x[at];
    for (int i = 1; i < SIZE; i++) {
      min = x[at + i] < min ? x[at + i] : min;
      max = x[at + i] > max ? x[at + i] : max;
      sumW += weights[i];
      sumX += weights[i] * x[at + i];
    }
    min = min > 0 ? 0 : min;
    if (max == min) {
      Arrays.fill(codes, to, to + SIZE, 0);
      return 0;
    }
    float inverse = largest / (max - min);
    scale = 1 / inverse;
    assign(x, at, inverse);
    bestError = error(x, at, weights, scale, min);
    System.arraycopy(tried, 0, codes, to, SIZE);
    for (int step = 0; step <= steps; step++) {
      // From the best minimum so far, not the first: the search walks.
      assign(x, at, (firstStep + STEP * step + largest) / (max - min));
      if (refine(x, at, weights, sumW, sumX)) {
        System.arraycopy(tried, 0, codes, to, SIZE);
      }
    }
    return scale;
  }

  private void assign(float[] x, int at, float inverse) {
    for (int i = 0; i < SIZE; i++) {
      tried[i] = Math.clamp(Packing.nearest(inverse * (x[at + i] - min)), 0, largest);
    }
  }

  /** Least squares for the codes at hand; true if they are the best so far. */
  private boolean refine(float[] x, int at, float[] weights, float sumW, float sumX) {
    float sumL = 0;
    float sumL2 = 0;
    float sumXl = 0;
    for (int i = 0; i < SIZE; i++) {
      float weighted = weights[i] * tried[i];
      sumL += weighted;
      sumL2 += weighted * tried[i];
      sumXl += weighted * x[at + i];
    }
    float determinant = sumW * sumL2 - sumL * sumL;
    if (!(determinant > 0)) {
      return false;
    }
    float newScale = (sumW * sumXl - sumX * sumL) / determinant;
    float newMin = (sumL2 * sumX - sumL * sumXl) / determinant;
    if (newMin > 0) {
      newMin = 0;
      newScale = sumXl / sumL2;
    }
    float newError = error(x, at, weights, newScale, newMin);
    if (!(newError < bestError)) {
      return false;
    }
    bestError = newError;
    scale = newScale;
    min = newMin;
    return true;
  }

  private float error(float[] x, int at, float[] weights, float scale, float min) {
    float error = 0;
    for (int i = 0; i < SIZE; i++) {
      float difference = scale * tried[i] + min - x[at + i];
      error += weights[i] * (difference * difference);
    }
    return error;
  }
}
