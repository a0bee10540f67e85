package dev.slipstream.engine.kernel;

/**
 * Element-wise steps of a forward pass over one row. Both implementations give the same bits. The
 * value of an element depends on that element alone (and on its row, for a normalisation): not on
 * its place in the array or on how a range is divided.
 */
public interface RowKernels {
  /** Partial sums of a row: element i goes to sum i mod 16, whatever the vector length. */
  int PARTIALS = 16;

  /**
   * out[oo+i] = x[xo+i] * weight[i] / sqrt(mean(x^2) + eps), for 0 <= i < n.
   *
   * @param scratch working memory of at least {@link #PARTIALS} elements
   */
  void rmsNorm(
      float[] x, int xo, float[] weight, float eps, float[] out, int oo, int n, float[] scratch);

  /**
   * out[oo+i] = e^(factor * x[xo+i] + shift), for 0 <= i < n, with one rounding of the exponent: 0
   * below e^-87, e^88 above that; NaN gives 0.
   */
  void exp(float[] x, int xo, float factor, float shift, float[] out, int oo, int n);

  /**
   * gate[go+i] = silu(gate[go+i]) * up[uo+i], for 0 <= i < n; silu(v) = v / (1 + e^-v).
   *
   * @param scratch working memory of at least n elements
   */
  void siluMultiply(float[] gate, int go, float[] up, int uo, int n, float[] scratch);

  /** Twice the square root of 2 / pi, and the cubic part, of GELU's tanh approximation. */
  float GELU_FACTOR = 1.5957691216057308f;

  float GELU_CUBIC = 0.044715f;

  /**
   * gate[go+i] = gelu(gate[go+i]) * up[uo+i], for 0 <= i < n; gelu(v) = v / (1 + e^-z) with z = 2
   * sqrt(2 / pi) (v + 0.044715 v^3), which is the approximation by tanh.
   *
   * @param scratch working memory of at least n elements
   */
  void geluMultiply(float[] gate, int go, float[] up, int uo, int n, float[] scratch);

  /**
   * x[xo+i] = cap * tanh(x[xo+i] / cap), for 0 <= i < n, as cap - 2 cap / (e^(2 x / cap) + 1); NaN
   * stays.
   *
   * @param cap above 0
   * @param scratch working memory of at least n elements
   */
  default void softCap(float[] x, int xo, float cap, int n, float[] scratch) {
    exp(x, xo, 2 / cap, 0, scratch, 0, n);
    for (int i = 0; i < n; i++) {
      float capped = cap - 2 * cap / (scratch[i] + 1);
      x[xo + i] = Float.isNaN(x[xo + i]) ? Float.NaN : capped;
    }
  }

  /**
   * Entropy in nats of the softmax of x[xo+i], 0 <= i < n; NaN if an element is not finite.
   *
   * @param scratch working memory of at least n elements
   */
  default float entropy(float[] x, int xo, int n, float[] scratch) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[xo + i]);
    }
    exp(x, xo, 1, -max, scratch, 0, n);
    double sum = 0;
    double weighted = 0;
    for (int i = 0; i < n; i++) {
      sum += scratch[i];
      weighted += scratch[i] * (double) (x[xo + i] - max);
    }
    return (float) (Math.log(sum) - weighted / sum);
  }

  /** x[xo+i] += y[yo+i], for 0 <= i < n. */
  void add(float[] x, int xo, float[] y, int yo, int n);

  /**
   * Sums of 16 columns of an interleaved tile: sums[so+t] = the sum of x[xo + k * width + t] over 0
   * <= k < 16, for 0 <= t < width; every fourth column goes to one of four chains, which are added
   * as (0 + 1) + (2 + 3).
   */
  void sumColumns(float[] x, int xo, int width, float[] sums, int so);
}
