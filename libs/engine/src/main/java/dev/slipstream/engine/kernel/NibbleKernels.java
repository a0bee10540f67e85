package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.Lanes.broadcast;
import static dev.slipstream.engine.kernel.Lanes.real;
import static dev.slipstream.engine.kernel.Lanes.shorts;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Block sums of four-bit codes: the short of a column holds the codes of four rows. Nibble j is
 * used in its place, so a block sum of row vector j is 16^j times too large, which {@link
 * VectorKernels#finish} takes out again: exact, and no shift is needed.
 */
final class NibbleKernels {
  /** Bytes of a column. */
  private static final long COLUMN = 2L * L;

  private NibbleKernels() {}

  /** Four row vectors, one activation row; two columns a turn. */
  static void one(long w, float[] x, int xo, int columns, int block, float[] z) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a = zero;
    FloatVector b = zero;
    FloatVector c = zero;
    FloatVector d = zero;
    int p = 0;
    for (int k = 0; k < columns; k += 2) {
      IntVector v0 = shorts(w + k * COLUMN);
      FloatVector x0 = broadcast(x[xo + k]);
      a = real(v0.and(0xf)).fma(x0, a);
      b = real(v0.and(0xf0)).fma(x0, b);
      c = real(v0.and(0xf00)).fma(x0, c);
      d = real(v0.and(0xf000)).fma(x0, d);
      IntVector v1 = shorts(w + (k + 1) * COLUMN);
      FloatVector x1 = broadcast(x[xo + k + 1]);
      a = real(v1.and(0xf)).fma(x1, a);
      b = real(v1.and(0xf0)).fma(x1, b);
      c = real(v1.and(0xf00)).fma(x1, c);
      d = real(v1.and(0xf000)).fma(x1, d);
      if ((k & (block - 1)) == block - 2) {
        a.intoArray(z, p);
        b.intoArray(z, p + L);
        c.intoArray(z, p + 2 * L);
        d.intoArray(z, p + 3 * L);
        p += 4 * L;
        a = zero;
        b = zero;
        c = zero;
        d = zero;
      }
    }
  }

  /** Four row vectors, two activation rows. */
  static void two(long w, float[] x, int xo, int columns, int block, float[] z) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector d0 = zero;
    FloatVector d1 = zero;
    int p = 0;
    for (int k = 0; k < columns; k++) {
      IntVector v = shorts(w + k * COLUMN);
      FloatVector x0 = broadcast(x[xo + 2 * k]);
      FloatVector x1 = broadcast(x[xo + 2 * k + 1]);
      FloatVector w0 = real(v.and(0xf));
      a0 = w0.fma(x0, a0);
      a1 = w0.fma(x1, a1);
      FloatVector w1 = real(v.and(0xf0));
      b0 = w1.fma(x0, b0);
      b1 = w1.fma(x1, b1);
      FloatVector w2 = real(v.and(0xf00));
      c0 = w2.fma(x0, c0);
      c1 = w2.fma(x1, c1);
      FloatVector w3 = real(v.and(0xf000));
      d0 = w3.fma(x0, d0);
      d1 = w3.fma(x1, d1);
      if ((k & (block - 1)) == block - 1) {
        a0.intoArray(z, p);
        a1.intoArray(z, p + L);
        b0.intoArray(z, p + 2 * L);
        b1.intoArray(z, p + 3 * L);
        c0.intoArray(z, p + 4 * L);
        c1.intoArray(z, p + 5 * L);
        d0.intoArray(z, p + 6 * L);
        d1.intoArray(z, p + 7 * L);
        p += 8 * L;
        a0 = zero;
        a1 = zero;
        b0 = zero;
        b1 = zero;
        c0 = zero;
        c1 = zero;
        d0 = zero;
        d1 = zero;
      }
    }
  }

  /** The first (half 0) or last two row vectors (1), four activation rows. */
  static void four(long w, int half, float[] x, int xo, int columns, int block, float[] z) {
    int low = 0xf << 8 * half;
    int high = 0xf0 << 8 * half;
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector a2 = zero;
    FloatVector a3 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector b2 = zero;
    FloatVector b3 = zero;
    int p = half * 8 * L;
    for (int k = 0; k < columns; k++) {
      IntVector v = shorts(w + k * COLUMN);
      FloatVector w0 = real(v.and(low));
      FloatVector w1 = real(v.and(high));
      FloatVector x0 = broadcast(x[xo + 4 * k]);
      a0 = w0.fma(x0, a0);
      b0 = w1.fma(x0, b0);
      FloatVector x1 = broadcast(x[xo + 4 * k + 1]);
      a1 = w0.fma(x1, a1);
      b1 = w1.fma(x1, b1);
      FloatVector x2 = broadcast(x[xo + 4 * k + 2]);
      a2 = w0.fma(x2, a2);
      b2 = w1.fma(x2, b2);
      FloatVector x3 = broadcast(x[xo + 4 * k + 3]);
      a3 = w0.fma(x3, a3);
      b3 = w1.fma(x3, b3);
      if ((k & (block - 1)) == block - 1) {
        a0.intoArray(z, p);
        a1.intoArray(z, p + L);
        a2.intoArray(z, p + 2 * L);
        a3.intoArray(z, p + 3 * L);
        b0.intoArray(z, p + 4 * L);
        b1.intoArray(z, p + 5 * L);
        b2.intoArray(z, p + 6 * L);
        b3.intoArray(z, p + 7 * L);
        p += 16 * L;
        a0 = zero;
        a1 = zero;
        a2 = zero;
        a3 = zero;
        b0 = zero;
        b1 = zero;
        b2 = zero;
        b3 = zero;
      }
    }
  }

  /** Four row vectors, four activation rows: for 32 vector registers. */
  static void wide(long w, float[] x, int xo, int columns, int block, float[] z) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector a2 = zero;
    FloatVector a3 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector b2 = zero;
    FloatVector b3 = zero;
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector c2 = zero;
    FloatVector c3 = zero;
    FloatVector d0 = zero;
    FloatVector d1 = zero;
    FloatVector d2 = zero;
    FloatVector d3 = zero;
    int p = 0;
    for (int k = 0; k < columns; k++) {
      IntVector v = shorts(w + k * COLUMN);
      FloatVector w0 = real(v.and(0xf));
      FloatVector w1 = real(v.and(0xf0));
      FloatVector w2 = real(v.and(0xf00));
      FloatVector w3 = real(v.and(0xf000));
      FloatVector x0 = broadcast(x[xo + 4 * k]);
      a0 = w0.fma(x0, a0);
      b0 = w1.fma(x0, b0);
      c0 = w2.fma(x0, c0);
      d0 = w3.fma(x0, d0);
      FloatVector x1 = broadcast(x[xo + 4 * k + 1]);
      a1 = w0.fma(x1, a1);
      b1 = w1.fma(x1, b1);
      c1 = w2.fma(x1, c1);
      d1 = w3.fma(x1, d1);
      FloatVector x2 = broadcast(x[xo + 4 * k + 2]);
      a2 = w0.fma(x2, a2);
      b2 = w1.fma(x2, b2);
      c2 = w2.fma(x2, c2);
      d2 = w3.fma(x2, d2);
      FloatVector x3 = broadcast(x[xo + 4 * k + 3]);
      a3 = w0.fma(x3, a3);
      b3 = w1.fma(x3, b3);
      c3 = w2.fma(x3, c3);
      d3 = w3.fma(x3, d3);
      if ((k & (block - 1)) == block - 1) {
        a0.intoArray(z, p);
        a1.intoArray(z, p + L);
        a2.intoArray(z, p + 2 * L);
        a3.intoArray(z, p + 3 * L);
        b0.intoArray(z, p + 4 * L);
        b1.intoArray(z, p + 5 * L);
        b2.intoArray(z, p + 6 * L);
        b3.intoArray(z, p + 7 * L);
        c0.intoArray(z, p + 8 * L);
        c1.intoArray(z, p + 9 * L);
        c2.intoArray(z, p + 10 * L);
        c3.intoArray(z, p + 11 * L);
        d0.intoArray(z, p + 12 * L);
        d1.intoArray(z, p + 13 * L);
        d2.intoArray(z, p + 14 * L);
        d3.intoArray(z, p + 15 * L);
        p += 16 * L;
        a0 = zero;
        a1 = zero;
        a2 = zero;
        a3 = zero;
        b0 = zero;
        b1 = zero;
        b2 = zero;
        b3 = zero;
        c0 = zero;
        c1 = zero;
        c2 = zero;
        c3 = zero;
        d0 = zero;
        d1 = zero;
        d2 = zero;
        d3 = zero;
      }
    }
  }
}
