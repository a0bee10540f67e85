package dev.slipstream.engine.kernel;

/** e^x by range reduction and a polynomial (the coefficients of Cephes' expf), within 2 ulp. */
final class Exponential {
  static final float MIN = -87f;
  static final float MAX = 88f;
  static final float LOG2_E = 1.44269504f;

  /** Adding it rounds to an integer. */
  static final float ROUND = 0x1.8p23f;

  static final float LN2_HIGH = 0.693359375f;
  static final float LN2_LOW = -2.12194440e-4f;
  static final float C2 = 5.0000001201e-1f;
  static final float C3 = 1.6666665459e-1f;
  static final float C4 = 4.1665795894e-2f;
  static final float C5 = 8.3334519073e-3f;
  static final float C6 = 1.3981999507e-3f;
  static final float C7 = 1.9875691500e-4f;
  static final int BIAS = 127;
  static final int MANTISSA_BITS = 23;

  private Exponential() {}

  /** e^x; 0 below -87, e^88 above 88; NaN gives 0. */
  static float exp(float x) {
    if (!(x >= MIN)) {
      return 0;
    }
    float y = Math.min(x, MAX);
    float n = Math.fma(y, LOG2_E, ROUND) - ROUND;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, y));
    float p = C7;
    p = Math.fma(p, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    return p * Float.intBitsToFloat(((int) n + BIAS) << MANTISSA_BITS);
  }
}
