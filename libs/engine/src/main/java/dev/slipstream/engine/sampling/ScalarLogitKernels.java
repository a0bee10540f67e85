package dev.slipstream.engine.sampling;

/** The reference: plain loops, used where the Vector API is not available. */
final class ScalarLogitKernels implements LogitKernels {
  /** Exponents below count as this one: e^-87 is the last power that is a normal float. */
  static final float LOWEST = -87;

  static final float LOG2_E = 1.4426950408889634f;

  /**
   * Added to a small number and taken away again, rounds it to an integer, left in the low bits.
   */
  static final float ROUND = 0x1.8p23f;

  /** ln 2 in two parts, so that n * ln 2 loses nothing. */
  static final float LN2_HIGH = 0x1.62e4p-1f;

  static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

  /**
   * Taylor's coefficients from 1/7! down to 1/2!: on [-ln 2 / 2, ln 2 / 2] the rest is below 1e-8.
   */
  static final float[] TAYLOR = {1f / 5040, 1f / 720, 1f / 120, 1f / 24, 1f / 6, 1f / 2};

  static final float EXP_LOWEST = rawExp(LOWEST);

  /** e^x for x at most 0, to 3e-7 of it down to -70; exactly 0 from -87 down. */
  static float exp(float x) {
    return rawExp(Math.max(x, LOWEST)) - EXP_LOWEST;
  }

  private static float rawExp(float x) {
    float shifted = Math.fma(x, LOG2_E, ROUND);
    float n = shifted - ROUND;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float sum = TAYLOR[0];
    for (int i = 1; i < TAYLOR.length; i++) {
      sum = Math.fma(sum, r, TAYLOR[i]);
    }
    sum = Math.fma(sum * r, r, r) + 1;
    int power = (Float.floatToRawIntBits(shifted) << 23) + Float.floatToRawIntBits(1);
    return sum * Float.intBitsToFloat(power);
  }

  @Override
  public float max(float[] row, int offset, int length) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, row[offset + i]);
    }
    return max;
  }

  @Override
  public int indexOf(float[] row, int offset, int length, float value) {
    for (int i = 0; i < length; i++) {
      if (row[offset + i] == value) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public int firstAbove(float[] row, int offset, int from, int length, float bound) {
    int i = from;
    while (i < length && !(row[offset + i] > bound)) {
      i++;
    }
    return i;
  }

  @Override
  public double sumExp(float[] row, int offset, int length, float max, float temperature) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      sum += exp((row[offset + i] - max) / temperature);
    }
    return sum;
  }

  @Override
  public double exp(
      float[] row, int offset, int length, float max, float temperature, float[] out) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      out[i] = exp((row[offset + i] - max) / temperature);
      sum += out[i];
    }
    return sum;
  }
}
