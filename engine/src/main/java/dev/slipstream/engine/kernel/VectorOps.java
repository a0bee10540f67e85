package dev.slipstream.engine.kernel;

/**
 * Element-wise steps of a forward pass. The value of an element depends on that element alone (and
 * on its row, for a normalisation): not on its place in the array or on how a range is divided.
 */
public final class VectorOps {
  private VectorOps() {}

  /** out[oo+i] = x[xo+i] * weight[i] / sqrt(mean(x^2) + eps), for 0 <= i < n. */
  public static void rmsNorm(
      float[] x, int xo, float[] weight, float eps, float[] out, int oo, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) x[xo + i] * x[xo + i];
    }
    float scale = (float) (1 / Math.sqrt(sum / n + eps));
    for (int i = 0; i < n; i++) {
      out[oo + i] = x[xo + i] * scale * weight[i];
    }
  }

  /** gate[go+i] = silu(gate[go+i]) * up[uo+i], for 0 <= i < n; silu(v) = v / (1 + e^-v). */
  public static void siluMultiply(float[] gate, int go, float[] up, int uo, int n) {
    for (int i = 0; i < n; i++) {
      float v = gate[go + i];
      gate[go + i] = (float) (v / (1 + Math.exp(-v))) * up[uo + i];
    }
  }

  /** x[xo+i] += y[yo+i], for 0 <= i < n. */
  public static void add(float[] x, int xo, float[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      x[xo + i] += y[yo + i];
    }
  }
}
