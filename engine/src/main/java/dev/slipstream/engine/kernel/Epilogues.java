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

  /** Splits float16 pairs: the high halves to out[0..n), the low halves to out[n..2n). */
  static void unpack(int[] pairs, int po, int n, float[] out) {
    for (int i = 0; i < n; i += L) {
      IntVector pair = IntVector.fromArray(I, pairs, po + i);
      Lanes.highHalf(pair).intoArray(out, i);
      Lanes.lowHalf(pair).intoArray(out, n + i);
    }
  }
}
