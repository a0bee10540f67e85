package dev.slipstream.engine.kernel;

import java.util.Arrays;

/** The reference: one element at a time. */
final class ScalarRowKernels implements RowKernels {
  @Override
  public void rmsNorm(
      float[] x, int xo, float[] weight, float eps, float[] out, int oo, int n, float[] sums) {
    Arrays.fill(sums, 0, PARTIALS, 0);
    for (int i = 0; i < n; i++) {
      sums[i % PARTIALS] = Math.fma(x[xo + i], x[xo + i], sums[i % PARTIALS]);
    }
    float scale = scale(sums, eps, n);
    for (int i = 0; i < n; i++) {
      out[oo + i] = x[xo + i] * scale * weight[i];
    }
  }

  /** What a row with these partial sums of squares is multiplied with. */
  static float scale(float[] sums, float eps, int n) {
    double sum = 0;
    for (int i = 0; i < PARTIALS; i++) {
      sum += sums[i];
    }
    return (float) (1 / Math.sqrt(sum / n + eps));
  }

  @Override
  public void exp(float[] x, int xo, float factor, float shift, float[] out, int oo, int n) {
    for (int i = 0; i < n; i++) {
      out[oo + i] = Exponential.exp(Math.fma(x[xo + i], factor, shift));
    }
  }

  @Override
  public void siluMultiply(float[] gate, int go, float[] up, int uo, int n, float[] scratch) {
    exp(gate, go, -1, 0, scratch, 0, n);
    for (int i = 0; i < n; i++) {
      gate[go + i] = gate[go + i] / (1 + scratch[i]) * up[uo + i];
    }
  }

  @Override
  public void geluMultiply(float[] gate, int go, float[] up, int uo, int n, float[] scratch) {
    for (int i = 0; i < n; i++) {
      float v = gate[go + i];
      scratch[i] = Math.fma(v * v * GELU_CUBIC, v, v);
    }
    exp(scratch, 0, -GELU_FACTOR, 0, scratch, 0, n);
    for (int i = 0; i < n; i++) {
      gate[go + i] = gate[go + i] / (1 + scratch[i]) * up[uo + i];
    }
  }

  @Override
  public void add(float[] x, int xo, float[] y, int yo, int n) {
    for (int i = 0; i < n; i++) {
      x[xo + i] += y[yo + i];
    }
  }

  @Override
  public void sumColumns(float[] x, int xo, int width, float[] sums, int so) {
    for (int t = 0; t < width; t++) {
      float a = 0;
      float b = 0;
      float c = 0;
      float d = 0;
      for (int k = 0; k < 16; k += 4) {
        int at = xo + k * width + t;
        a += x[at];
        b += x[at + width];
        c += x[at + 2 * width];
        d += x[at + 3 * width];
      }
      sums[so + t] = (a + b) + (c + d);
    }
  }
}
