package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.BYTES;
import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.HALF;
import static dev.slipstream.engine.kernel.Lanes.HALF_UNIT;
import static dev.slipstream.engine.kernel.Lanes.I;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.NativeMemory.ALL;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Adds block sums to totals; see {@link Kernels} for where they lie. */
final class Epilogues {
  private Epilogues() {}

  /**
   * The block sums of one activation row. zo and to are the places of its first block sum and
   * total; row vectors are {@code step} apart in both, blocks four steps.
   */
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

  /**
   * Block sums times scales, which are {@code stride} bytes apart from block to block. A second
   * neighbouring activation row makes twice as many sums that wait for each other; a method for
   * each of the two cases would be inlined into its caller (see the package's notes).
   */
  static void scaled(
      long scales, long stride, float[] z, int zo, int tokens, int blocks, float[] totals, int to) {
    if (tokens == 1) {
      FloatVector a = FloatVector.fromArray(F, totals, to);
      FloatVector b = FloatVector.fromArray(F, totals, to + L);
      FloatVector c = FloatVector.fromArray(F, totals, to + 2 * L);
      FloatVector d = FloatVector.fromArray(F, totals, to + 3 * L);
      for (int i = 0; i < blocks; i++) {
        int p = zo + 4 * i * L;
        long s = scales + i * stride;
        a =
            FloatVector.fromArray(F, z, p)
                .fma(FloatVector.fromMemorySegment(F, ALL, s, LITTLE_ENDIAN), a);
        b =
            FloatVector.fromArray(F, z, p + L)
                .fma(FloatVector.fromMemorySegment(F, ALL, s + BYTES, LITTLE_ENDIAN), b);
        c =
            FloatVector.fromArray(F, z, p + 2 * L)
                .fma(FloatVector.fromMemorySegment(F, ALL, s + 2 * BYTES, LITTLE_ENDIAN), c);
        d =
            FloatVector.fromArray(F, z, p + 3 * L)
                .fma(FloatVector.fromMemorySegment(F, ALL, s + 3 * BYTES, LITTLE_ENDIAN), d);
      }
      a.intoArray(totals, to);
      b.intoArray(totals, to + L);
      c.intoArray(totals, to + 2 * L);
      d.intoArray(totals, to + 3 * L);
      return;
    }
    int row = tokens * L;
    for (int pair = 0; pair < row; pair += 2 * L) {
      int at = to + pair;
      FloatVector a0 = FloatVector.fromArray(F, totals, at);
      FloatVector a1 = FloatVector.fromArray(F, totals, at + L);
      FloatVector b0 = FloatVector.fromArray(F, totals, at + row);
      FloatVector b1 = FloatVector.fromArray(F, totals, at + row + L);
      FloatVector c0 = FloatVector.fromArray(F, totals, at + 2 * row);
      FloatVector c1 = FloatVector.fromArray(F, totals, at + 2 * row + L);
      FloatVector d0 = FloatVector.fromArray(F, totals, at + 3 * row);
      FloatVector d1 = FloatVector.fromArray(F, totals, at + 3 * row + L);
      int p = zo + pair;
      long s = scales;
      for (int i = 0; i < blocks; i++) {
        FloatVector scale = FloatVector.fromMemorySegment(F, ALL, s, LITTLE_ENDIAN);
        a0 = FloatVector.fromArray(F, z, p).fma(scale, a0);
        a1 = FloatVector.fromArray(F, z, p + L).fma(scale, a1);
        scale = FloatVector.fromMemorySegment(F, ALL, s + BYTES, LITTLE_ENDIAN);
        b0 = FloatVector.fromArray(F, z, p + row).fma(scale, b0);
        b1 = FloatVector.fromArray(F, z, p + row + L).fma(scale, b1);
        int u = p + 2 * row;
        scale = FloatVector.fromMemorySegment(F, ALL, s + 2 * BYTES, LITTLE_ENDIAN);
        c0 = FloatVector.fromArray(F, z, u).fma(scale, c0);
        c1 = FloatVector.fromArray(F, z, u + L).fma(scale, c1);
        u += row;
        scale = FloatVector.fromMemorySegment(F, ALL, s + 3 * BYTES, LITTLE_ENDIAN);
        d0 = FloatVector.fromArray(F, z, u).fma(scale, d0);
        d1 = FloatVector.fromArray(F, z, u + L).fma(scale, d1);
        p += 4 * row;
        s += stride;
      }
      a0.intoArray(totals, at);
      a1.intoArray(totals, at + L);
      b0.intoArray(totals, at + row);
      b1.intoArray(totals, at + row + L);
      c0.intoArray(totals, at + 2 * row);
      c1.intoArray(totals, at + 2 * row + L);
      d0.intoArray(totals, at + 3 * row);
      d1.intoArray(totals, at + 3 * row + L);
    }
  }

  /** Minimums times sums of activations; both cases in one method, as above. */
  static void mins(
      long mins,
      long stride,
      float[] sums,
      int so,
      int tokens,
      int blocks,
      float[] totals,
      int to) {
    if (tokens == 1) {
      FloatVector a = FloatVector.fromArray(F, totals, to);
      FloatVector b = FloatVector.fromArray(F, totals, to + L);
      FloatVector c = FloatVector.fromArray(F, totals, to + 2 * L);
      FloatVector d = FloatVector.fromArray(F, totals, to + 3 * L);
      for (int i = 0; i < blocks; i++) {
        FloatVector sum = FloatVector.broadcast(F, sums[so + i]);
        long m = mins + i * stride;
        a = FloatVector.fromMemorySegment(F, ALL, m, LITTLE_ENDIAN).fma(sum, a);
        b = FloatVector.fromMemorySegment(F, ALL, m + BYTES, LITTLE_ENDIAN).fma(sum, b);
        c = FloatVector.fromMemorySegment(F, ALL, m + 2 * BYTES, LITTLE_ENDIAN).fma(sum, c);
        d = FloatVector.fromMemorySegment(F, ALL, m + 3 * BYTES, LITTLE_ENDIAN).fma(sum, d);
      }
      a.intoArray(totals, to);
      b.intoArray(totals, to + L);
      c.intoArray(totals, to + 2 * L);
      d.intoArray(totals, to + 3 * L);
      return;
    }
    int row = tokens * L;
    for (int t = 0; t < tokens; t += 2) {
      int at = to + t * L;
      FloatVector a0 = FloatVector.fromArray(F, totals, at);
      FloatVector a1 = FloatVector.fromArray(F, totals, at + L);
      FloatVector b0 = FloatVector.fromArray(F, totals, at + row);
      FloatVector b1 = FloatVector.fromArray(F, totals, at + row + L);
      FloatVector c0 = FloatVector.fromArray(F, totals, at + 2 * row);
      FloatVector c1 = FloatVector.fromArray(F, totals, at + 2 * row + L);
      FloatVector d0 = FloatVector.fromArray(F, totals, at + 3 * row);
      FloatVector d1 = FloatVector.fromArray(F, totals, at + 3 * row + L);
      long m = mins;
      for (int i = 0; i < blocks; i++) {
        FloatVector sum0 = FloatVector.broadcast(F, sums[so + i * tokens + t]);
        FloatVector sum1 = FloatVector.broadcast(F, sums[so + i * tokens + t + 1]);
        FloatVector min = FloatVector.fromMemorySegment(F, ALL, m, LITTLE_ENDIAN);
        a0 = min.fma(sum0, a0);
        a1 = min.fma(sum1, a1);
        min = FloatVector.fromMemorySegment(F, ALL, m + BYTES, LITTLE_ENDIAN);
        b0 = min.fma(sum0, b0);
        b1 = min.fma(sum1, b1);
        min = FloatVector.fromMemorySegment(F, ALL, m + 2 * BYTES, LITTLE_ENDIAN);
        c0 = min.fma(sum0, c0);
        c1 = min.fma(sum1, c1);
        min = FloatVector.fromMemorySegment(F, ALL, m + 3 * BYTES, LITTLE_ENDIAN);
        d0 = min.fma(sum0, d0);
        d1 = min.fma(sum1, d1);
        m += stride;
      }
      a0.intoArray(totals, at);
      a1.intoArray(totals, at + L);
      b0.intoArray(totals, at + row);
      b1.intoArray(totals, at + row + L);
      c0.intoArray(totals, at + 2 * row);
      c1.intoArray(totals, at + 2 * row + L);
      d0.intoArray(totals, at + 3 * row);
      d1.intoArray(totals, at + 3 * row + L);
    }
  }

  /** Splits float16 pairs: of each block first the high halves, then the low halves. */
  static void unpack(long pairs, int n, long out) {
    for (int i = 0; i < n; i += L) {
      IntVector pair = IntVector.fromMemorySegment(I, ALL, pairs + 4L * i, LITTLE_ENDIAN);
      long at = out + 4L * (i + (i & -4 * L));
      IntVector bits = pair.lanewise(ASHR, 3).and(HALF);
      bits.reinterpretAsFloats().mul(HALF_UNIT).intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      bits = pair.lanewise(LSHL, 16).lanewise(ASHR, 3).and(HALF);
      at += 4 * BYTES;
      bits.reinterpretAsFloats().mul(HALF_UNIT).intoMemorySegment(ALL, at, LITTLE_ENDIAN);
    }
  }

  /** Factors of four row vectors times the signed bytes of n blocks. */
  static void multiply(long factors, long codes, long step, int n, long out, long outStep) {
    FloatVector a = FloatVector.fromMemorySegment(F, ALL, factors, LITTLE_ENDIAN);
    FloatVector b = FloatVector.fromMemorySegment(F, ALL, factors + BYTES, LITTLE_ENDIAN);
    FloatVector c = FloatVector.fromMemorySegment(F, ALL, factors + 2 * BYTES, LITTLE_ENDIAN);
    FloatVector d = FloatVector.fromMemorySegment(F, ALL, factors + 3 * BYTES, LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      IntVector v = IntVector.fromMemorySegment(I, ALL, codes + i * step, LITTLE_ENDIAN);
      long at = out + i * outStep;
      FloatVector code = (FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
      code.mul(a).intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
      code.mul(b).intoMemorySegment(ALL, at + BYTES, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
      code.mul(c).intoMemorySegment(ALL, at + 2 * BYTES, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(ASHR, 24).convert(I2F, 0);
      code.mul(d).intoMemorySegment(ALL, at + 3 * BYTES, LITTLE_ENDIAN);
    }
  }
}
