package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.I;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.Lanes.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Adds the block sums of one activation row to its totals. zo and to are the places of its first
 * block sum and total; row vectors are {@code step} apart in both, blocks four steps.
 */
final class Epilogues {
  private Epilogues() {}

  static void plain(float[] z, int zo, int step, int blocks, float[] totals, int to) {
    FloatVector a = FloatVector.fromArray(F, totals, to);
    FloatVector b = FloatVector.fromArray(F, totals, to + step);
    FloatVector c = FloatVector.fromArray(F, totals, to + 2 * step);
    FloatVector d = FloatVector.fromArray(F, totals, to + 3 * step);
    int p = zo;
    for (int i = 0; i < blocks; i++) {
      a = a.add(FloatVector.fromArray(F, z, p));
      b = b.add(FloatVector.fromArray(F, z, p + step));
      c = c.add(FloatVector.fromArray(F, z, p + 2 * step));
      d = d.add(FloatVector.fromArray(F, z, p + 3 * step));
      p += 4 * step;
    }
    a.intoArray(totals, to);
    b.intoArray(totals, to + step);
    c.intoArray(totals, to + 2 * step);
    d.intoArray(totals, to + 3 * step);
  }

  static void scaled(
      float[] scales, int so, float[] z, int zo, int step, int blocks, float[] totals, int to) {
    FloatVector a = FloatVector.fromArray(F, totals, to);
    FloatVector b = FloatVector.fromArray(F, totals, to + step);
    FloatVector c = FloatVector.fromArray(F, totals, to + 2 * step);
    FloatVector d = FloatVector.fromArray(F, totals, to + 3 * step);
    int p = zo;
    int s = so;
    for (int i = 0; i < blocks; i++) {
      a = FloatVector.fromArray(F, z, p).fma(FloatVector.fromArray(F, scales, s), a);
      b = FloatVector.fromArray(F, z, p + step).fma(FloatVector.fromArray(F, scales, s + L), b);
      int u = p + 2 * step;
      c = FloatVector.fromArray(F, z, u).fma(FloatVector.fromArray(F, scales, s + 2 * L), c);
      u += step;
      d = FloatVector.fromArray(F, z, u).fma(FloatVector.fromArray(F, scales, s + 3 * L), d);
      p += 4 * step;
      s += 4 * L;
    }
    a.intoArray(totals, to);
    b.intoArray(totals, to + step);
    c.intoArray(totals, to + 2 * step);
    d.intoArray(totals, to + 3 * step);
  }

  /** The same for two neighbouring activation rows: twice as many sums that wait for each other. */
  static void scaledPair(
      float[] scales, int so, float[] z, int zo, int step, int blocks, float[] totals, int to) {
    FloatVector a0 = FloatVector.fromArray(F, totals, to);
    FloatVector a1 = FloatVector.fromArray(F, totals, to + L);
    FloatVector b0 = FloatVector.fromArray(F, totals, to + step);
    FloatVector b1 = FloatVector.fromArray(F, totals, to + step + L);
    FloatVector c0 = FloatVector.fromArray(F, totals, to + 2 * step);
    FloatVector c1 = FloatVector.fromArray(F, totals, to + 2 * step + L);
    FloatVector d0 = FloatVector.fromArray(F, totals, to + 3 * step);
    FloatVector d1 = FloatVector.fromArray(F, totals, to + 3 * step + L);
    int p = zo;
    int s = so;
    for (int i = 0; i < blocks; i++) {
      FloatVector scale = FloatVector.fromArray(F, scales, s);
      a0 = FloatVector.fromArray(F, z, p).fma(scale, a0);
      a1 = FloatVector.fromArray(F, z, p + L).fma(scale, a1);
      scale = FloatVector.fromArray(F, scales, s + L);
      b0 = FloatVector.fromArray(F, z, p + step).fma(scale, b0);
      b1 = FloatVector.fromArray(F, z, p + step + L).fma(scale, b1);
      int u = p + 2 * step;
      scale = FloatVector.fromArray(F, scales, s + 2 * L);
      c0 = FloatVector.fromArray(F, z, u).fma(scale, c0);
      c1 = FloatVector.fromArray(F, z, u + L).fma(scale, c1);
      u += step;
      scale = FloatVector.fromArray(F, scales, s + 3 * L);
      d0 = FloatVector.fromArray(F, z, u).fma(scale, d0);
      d1 = FloatVector.fromArray(F, z, u + L).fma(scale, d1);
      p += 4 * step;
      s += 4 * L;
    }
    a0.intoArray(totals, to);
    a1.intoArray(totals, to + L);
    b0.intoArray(totals, to + step);
    b1.intoArray(totals, to + step + L);
    c0.intoArray(totals, to + 2 * step);
    c1.intoArray(totals, to + 2 * step + L);
    d0.intoArray(totals, to + 3 * step);
    d1.intoArray(totals, to + 3 * step + L);
  }

  /** Minimums times sums of activations; those of a block are {@code tokens} apart. */
  static void mins(
      float[] mins,
      int mo,
      float[] sums,
      int so,
      int tokens,
      int step,
      int blocks,
      float[] totals,
      int to) {
    FloatVector a = FloatVector.fromArray(F, totals, to);
    FloatVector b = FloatVector.fromArray(F, totals, to + step);
    FloatVector c = FloatVector.fromArray(F, totals, to + 2 * step);
    FloatVector d = FloatVector.fromArray(F, totals, to + 3 * step);
    int m = mo;
    for (int i = 0; i < blocks; i++) {
      FloatVector sum = broadcast(sums[so + i * tokens]);
      a = FloatVector.fromArray(F, mins, m).fma(sum, a);
      b = FloatVector.fromArray(F, mins, m + L).fma(sum, b);
      c = FloatVector.fromArray(F, mins, m + 2 * L).fma(sum, c);
      d = FloatVector.fromArray(F, mins, m + 3 * L).fma(sum, d);
      m += 4 * L;
    }
    a.intoArray(totals, to);
    b.intoArray(totals, to + step);
    c.intoArray(totals, to + 2 * step);
    d.intoArray(totals, to + 3 * step);
  }

  /** The same for two neighbouring activation rows. */
  static void minsPair(
      float[] mins,
      int mo,
      float[] sums,
      int so,
      int tokens,
      int step,
      int blocks,
      float[] totals,
      int to) {
    FloatVector a0 = FloatVector.fromArray(F, totals, to);
    FloatVector a1 = FloatVector.fromArray(F, totals, to + L);
    FloatVector b0 = FloatVector.fromArray(F, totals, to + step);
    FloatVector b1 = FloatVector.fromArray(F, totals, to + step + L);
    FloatVector c0 = FloatVector.fromArray(F, totals, to + 2 * step);
    FloatVector c1 = FloatVector.fromArray(F, totals, to + 2 * step + L);
    FloatVector d0 = FloatVector.fromArray(F, totals, to + 3 * step);
    FloatVector d1 = FloatVector.fromArray(F, totals, to + 3 * step + L);
    int m = mo;
    for (int i = 0; i < blocks; i++) {
      FloatVector sum0 = broadcast(sums[so + i * tokens]);
      FloatVector sum1 = broadcast(sums[so + i * tokens + 1]);
      FloatVector min = FloatVector.fromArray(F, mins, m);
      a0 = min.fma(sum0, a0);
      a1 = min.fma(sum1, a1);
      min = FloatVector.fromArray(F, mins, m + L);
      b0 = min.fma(sum0, b0);
      b1 = min.fma(sum1, b1);
      min = FloatVector.fromArray(F, mins, m + 2 * L);
      c0 = min.fma(sum0, c0);
      c1 = min.fma(sum1, c1);
      min = FloatVector.fromArray(F, mins, m + 3 * L);
      d0 = min.fma(sum0, d0);
      d1 = min.fma(sum1, d1);
      m += 4 * L;
    }
    a0.intoArray(totals, to);
    a1.intoArray(totals, to + L);
    b0.intoArray(totals, to + step);
    b1.intoArray(totals, to + step + L);
    c0.intoArray(totals, to + 2 * step);
    c1.intoArray(totals, to + 2 * step + L);
    d0.intoArray(totals, to + 3 * step);
    d1.intoArray(totals, to + 3 * step + L);
  }

  /** Splits float16 pairs: the high halves to out[0..n), the low halves to out[n..2n). */
  static void unpack(int[] pairs, int po, int n, float[] out) {
    for (int i = 0; i < n; i += L) {
      IntVector pair = IntVector.fromArray(I, pairs, po + i);
      Lanes.highHalf(pair).intoArray(out, i);
      Lanes.lowHalf(pair).intoArray(out, n + i);
    }
  }
}
