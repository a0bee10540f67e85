package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.BYTES;
import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.Lanes.broadcast;
import static dev.slipstream.engine.kernel.Lanes.floats;

import jdk.incubator.vector.FloatVector;

/** Block sums of float32 weights. */
final class FloatKernels {
  private FloatKernels() {}

  /** Four row vectors, one activation row; two columns a turn. */
  static void one(long w, float[] x, int xo, int columns, int block, float[] z) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a = zero;
    FloatVector b = zero;
    FloatVector c = zero;
    FloatVector d = zero;
    int p = 0;
    for (int k = 0; k < columns; k += 2) {
      long q0 = w + 4 * k * BYTES;
      FloatVector x0 = broadcast(x[xo + k]);
      a = floats(q0).fma(x0, a);
      b = floats(q0 + BYTES).fma(x0, b);
      c = floats(q0 + 2 * BYTES).fma(x0, c);
      d = floats(q0 + 3 * BYTES).fma(x0, d);
      long q1 = w + 4 * (k + 1) * BYTES;
      FloatVector x1 = broadcast(x[xo + k + 1]);
      a = floats(q1).fma(x1, a);
      b = floats(q1 + BYTES).fma(x1, b);
      c = floats(q1 + 2 * BYTES).fma(x1, c);
      d = floats(q1 + 3 * BYTES).fma(x1, d);
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
      long q = w + 4 * k * BYTES;
      FloatVector x0 = broadcast(x[xo + 2 * k]);
      FloatVector x1 = broadcast(x[xo + 2 * k + 1]);
      FloatVector w0 = floats(q);
      a0 = w0.fma(x0, a0);
      a1 = w0.fma(x1, a1);
      FloatVector w1 = floats(q + BYTES);
      b0 = w1.fma(x0, b0);
      b1 = w1.fma(x1, b1);
      FloatVector w2 = floats(q + 2 * BYTES);
      c0 = w2.fma(x0, c0);
      c1 = w2.fma(x1, c1);
      FloatVector w3 = floats(q + 3 * BYTES);
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

  /**
   * Four row vectors, the first (half 0) or last two of four activation rows (1). Two row vectors
   * and four activation rows would be as many sums, but C2 makes slower code of them.
   */
  static void four(long w, int half, float[] x, int xo, int columns, int block, float[] z) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector d0 = zero;
    FloatVector d1 = zero;
    int xs = xo + 2 * half;
    int p = 2 * half * L;
    for (int k = 0; k < columns; k++) {
      long q = w + 4 * k * BYTES;
      FloatVector x0 = broadcast(x[xs + 4 * k]);
      FloatVector x1 = broadcast(x[xs + 4 * k + 1]);
      FloatVector w0 = floats(q);
      a0 = w0.fma(x0, a0);
      a1 = w0.fma(x1, a1);
      FloatVector w1 = floats(q + BYTES);
      b0 = w1.fma(x0, b0);
      b1 = w1.fma(x1, b1);
      FloatVector w2 = floats(q + 2 * BYTES);
      c0 = w2.fma(x0, c0);
      c1 = w2.fma(x1, c1);
      FloatVector w3 = floats(q + 3 * BYTES);
      d0 = w3.fma(x0, d0);
      d1 = w3.fma(x1, d1);
      if ((k & (block - 1)) == block - 1) {
        a0.intoArray(z, p);
        a1.intoArray(z, p + L);
        b0.intoArray(z, p + 4 * L);
        b1.intoArray(z, p + 5 * L);
        c0.intoArray(z, p + 8 * L);
        c1.intoArray(z, p + 9 * L);
        d0.intoArray(z, p + 12 * L);
        d1.intoArray(z, p + 13 * L);
        p += 16 * L;
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
      long q = w + 4 * k * BYTES;
      FloatVector w0 = floats(q);
      FloatVector w1 = floats(q + BYTES);
      FloatVector w2 = floats(q + 2 * BYTES);
      FloatVector w3 = floats(q + 3 * BYTES);
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
