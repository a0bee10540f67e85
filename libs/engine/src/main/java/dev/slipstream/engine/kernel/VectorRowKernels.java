package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Exponential.BIAS;
import static dev.slipstream.engine.kernel.Exponential.C2;
import static dev.slipstream.engine.kernel.Exponential.C3;
import static dev.slipstream.engine.kernel.Exponential.C4;
import static dev.slipstream.engine.kernel.Exponential.C5;
import static dev.slipstream.engine.kernel.Exponential.C6;
import static dev.slipstream.engine.kernel.Exponential.C7;
import static dev.slipstream.engine.kernel.Exponential.LN2_HIGH;
import static dev.slipstream.engine.kernel.Exponential.LN2_LOW;
import static dev.slipstream.engine.kernel.Exponential.LOG2_E;
import static dev.slipstream.engine.kernel.Exponential.MANTISSA_BITS;
import static dev.slipstream.engine.kernel.Exponential.MAX;
import static dev.slipstream.engine.kernel.Exponential.MIN;
import static dev.slipstream.engine.kernel.Exponential.ROUND;
import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Vector twin; what does not fill a vector is left to the scalar one. */
final class VectorRowKernels implements RowKernels {
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

  private final ScalarRowKernels tail = new ScalarRowKernels();

  /** Whether this machine's vectors divide the partial sums of a row. */
  static boolean isSupported() {
    return L <= PARTIALS && PARTIALS % L == 0;
  }

  @Override
  public void rmsNorm(
      float[] x, int xo, float[] weight, float eps, float[] out, int oo, int n, float[] sums) {
    int whole = n - n % PARTIALS;
    for (int lane = 0; lane < PARTIALS; lane += L) {
      squares(x, xo + lane, whole).intoArray(sums, lane);
    }
    for (int i = whole; i < n; i++) {
      sums[i - whole] = Math.fma(x[xo + i], x[xo + i], sums[i - whole]);
    }
    float scale = ScalarRowKernels.scale(sums, eps, n);
    int bound = F.loopBound(n);
    for (int i = 0; i < bound; i += L) {
      FloatVector scaled = FloatVector.fromArray(F, x, xo + i).mul(scale);
      scaled.mul(FloatVector.fromArray(F, weight, i)).intoArray(out, oo + i);
    }
    for (int i = bound; i < n; i++) {
      out[oo + i] = x[xo + i] * scale * weight[i];
    }
  }

  private static FloatVector squares(float[] x, int from, int n) {
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < n; i += PARTIALS) {
      FloatVector v = FloatVector.fromArray(F, x, from + i);
      sum = v.fma(v, sum);
    }
    return sum;
  }

  /**
   * The steps of {@link Exponential#exp}, written out in the loop: as a method of its own, vectors
   * would be boxed for it wherever C2 happens not to inline it. Long enough not to be inlined; see
   * the package's notes.
   */
  @Override
  public void exp(float[] x, int xo, float factor, float shift, float[] out, int oo, int n) {
    int bound = F.loopBound(n);
    for (int i = 0; i < bound; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xo + i).fma(factor, shift);
      VectorMask<Float> valid = v.compare(VectorOperators.GE, MIN);
      FloatVector y = v.min(MAX);
      FloatVector rounded = y.fma(LOG2_E, ROUND).sub(ROUND);
      FloatVector r = rounded.fma(FloatVector.broadcast(F, -LN2_HIGH), y);
      r = rounded.fma(FloatVector.broadcast(F, -LN2_LOW), r);
      FloatVector p = FloatVector.broadcast(F, C7);
      p = p.fma(r, FloatVector.broadcast(F, C6));
      p = p.fma(r, FloatVector.broadcast(F, C5));
      p = p.fma(r, FloatVector.broadcast(F, C4));
      p = p.fma(r, FloatVector.broadcast(F, C3));
      p = p.fma(r, FloatVector.broadcast(F, C2));
      p = p.fma(r, FloatVector.broadcast(F, 1f));
      p = p.fma(r, FloatVector.broadcast(F, 1f));
      IntVector exponent = (IntVector) rounded.convert(VectorOperators.F2I, 0);
      IntVector power = exponent.add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS);
      p = p.mul(power.reinterpretAsFloats());
      FloatVector.zero(F).blend(p, valid).intoArray(out, oo + i);
    }
    tail.exp(x, xo + bound, factor, shift, out, oo + bound, n - bound);
  }

  @Override
  public void siluMultiply(float[] gate, int go, float[] up, int uo, int n, float[] scratch) {
    exp(gate, go, -1, 0, scratch, 0, n);
    divideAndMultiply(gate, go, up, uo, n, scratch);
  }

  @Override
  public void geluMultiply(float[] gate, int go, float[] up, int uo, int n, float[] scratch) {
    int bound = F.loopBound(n);
    for (int i = 0; i < bound; i += L) {
      FloatVector v = FloatVector.fromArray(F, gate, go + i);
      v.mul(v).mul(GELU_CUBIC).fma(v, v).intoArray(scratch, i);
    }
    for (int i = bound; i < n; i++) {
      float v = gate[go + i];
      scratch[i] = Math.fma(v * v * GELU_CUBIC, v, v);
    }
    exp(scratch, 0, -GELU_FACTOR, 0, scratch, 0, n);
    divideAndMultiply(gate, go, up, uo, n, scratch);
  }

  /** The end of a gate: gate / (1 + scratch) * up. */
  private static void divideAndMultiply(
      float[] gate, int go, float[] up, int uo, int n, float[] scratch) {
    int bound = F.loopBound(n);
    for (int i = 0; i < bound; i += L) {
      FloatVector v = FloatVector.fromArray(F, gate, go + i);
      FloatVector silu = v.div(FloatVector.fromArray(F, scratch, i).add(1f));
      silu.mul(FloatVector.fromArray(F, up, uo + i)).intoArray(gate, go + i);
    }
    for (int i = bound; i < n; i++) {
      gate[go + i] = gate[go + i] / (1 + scratch[i]) * up[uo + i];
    }
  }

  @Override
  public void add(float[] x, int xo, float[] y, int yo, int n) {
    int bound = F.loopBound(n);
    for (int i = 0; i < bound; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xo + i);
      v.add(FloatVector.fromArray(F, y, yo + i)).intoArray(x, xo + i);
    }
    tail.add(x, xo + bound, y, yo + bound, n - bound);
  }

  @Override
  public void sumColumns(float[] x, int xo, int width, float[] sums, int so) {
    if (width != FOUR.length()) {
      tail.sumColumns(x, xo, width, sums, so);
      return;
    }
    FloatVector a = FloatVector.zero(FOUR);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int at = xo; at < xo + 64; at += 16) {
      a = a.add(FloatVector.fromArray(FOUR, x, at));
      b = b.add(FloatVector.fromArray(FOUR, x, at + 4));
      c = c.add(FloatVector.fromArray(FOUR, x, at + 8));
      d = d.add(FloatVector.fromArray(FOUR, x, at + 12));
    }
    a.add(b).add(c.add(d)).intoArray(sums, so);
  }
}
