package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.BYTES;
import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.I;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.NativeMemory.ALL;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Block sums of bfloat16 weights: an int holds the weights of two rows. A bfloat16 is the upper
 * half of a float.
 *
 * <p>Written by KernelTemplate; see KernelTemplateTest.
 */
final class BrainKernels {
  private static final int HIGH = 0xffff0000;

  private BrainKernels() {}

  /**
   * Block sums of some groups, {@code apart} bytes and {@code zApart} sums from one to the next.
   *
   * @param manyRegisters whether there are 32 vector registers
   */
  static void sum(
      boolean manyRegisters,
      long w,
      long apart,
      int groups,
      float[] x,
      int xo,
      int tokens,
      int columns,
      int block,
      float[] z,
      int zApart) {
    int g = 0;
    for (; tokens < 4 && manyRegisters && g + 2 < groups; g += 3) {
      long at = w + g * apart;
      int zo = g * zApart;
      if (tokens == 1) {
        oneOfThree(at, apart, x, xo, columns, block, z, zo, zApart);
      } else {
        twoOfThree(at, apart, x, xo, columns, block, z, zo, zApart);
      }
    }
    for (; tokens == 1 && g + 1 < groups; g += 2) {
      oneOfTwo(w + g * apart, apart, x, xo, columns, block, z, g * zApart, zApart);
    }
    for (; g < groups; g++) {
      long at = w + g * apart;
      int zo = g * zApart;
      if (tokens == 1) {
        one(at, x, xo, columns, block, z, zo);
      } else if (tokens == 2) {
        two(at, x, xo, columns, block, z, zo);
      } else if (manyRegisters) {
        wide(at, x, xo, columns, block, z, zo);
      } else {
        fourLow(at, x, xo, columns, block, z, zo);
        fourHigh(at, x, xo, columns, block, z, zo);
      }
    }
  }

  /** Four row vectors, one activation row; two columns a turn. */
  static void one(long w, float[] x, int xo, int columns, int block, float[] z, int zo) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a = zero;
    FloatVector b = zero;
    FloatVector c = zero;
    FloatVector d = zero;
    int p = zo;
    for (int k = 0; k < columns; k += 2) {
      FloatVector x0 = FloatVector.broadcast(F, x[xo + k]);
      long qv0 = w + k * (2 * BYTES);
      IntVector v0a = IntVector.fromMemorySegment(I, ALL, qv0, LITTLE_ENDIAN);
      IntVector v0b = IntVector.fromMemorySegment(I, ALL, qv0 + BYTES, LITTLE_ENDIAN);
      a = v0a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, a);
      b = v0a.and(HIGH).reinterpretAsFloats().fma(x0, b);
      c = v0b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, c);
      d = v0b.and(HIGH).reinterpretAsFloats().fma(x0, d);
      FloatVector x1 = FloatVector.broadcast(F, x[xo + k + 1]);
      long qv1 = w + (k + 1) * (2 * BYTES);
      IntVector v1a = IntVector.fromMemorySegment(I, ALL, qv1, LITTLE_ENDIAN);
      IntVector v1b = IntVector.fromMemorySegment(I, ALL, qv1 + BYTES, LITTLE_ENDIAN);
      a = v1a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x1, a);
      b = v1a.and(HIGH).reinterpretAsFloats().fma(x1, b);
      c = v1b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x1, c);
      d = v1b.and(HIGH).reinterpretAsFloats().fma(x1, d);
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

  /** Four row vectors of two groups, one activation row. */
  static void oneOfTwo(
      long w,
      long apart,
      float[] x,
      int xo,
      int columns,
      int block,
      float[] z,
      int zo,
      int zApart) {
    long w1 = w + apart;
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector b0 = zero;
    FloatVector c0 = zero;
    FloatVector d0 = zero;
    FloatVector a1 = zero;
    FloatVector b1 = zero;
    FloatVector c1 = zero;
    FloatVector d1 = zero;
    int p = zo;
    for (int k = 0; k < columns; k++) {
      FloatVector x0 = FloatVector.broadcast(F, x[xo + k]);
      long qv0 = w + k * (2 * BYTES);
      IntVector v0a = IntVector.fromMemorySegment(I, ALL, qv0, LITTLE_ENDIAN);
      IntVector v0b = IntVector.fromMemorySegment(I, ALL, qv0 + BYTES, LITTLE_ENDIAN);
      a0 = v0a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, a0);
      b0 = v0a.and(HIGH).reinterpretAsFloats().fma(x0, b0);
      c0 = v0b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, c0);
      d0 = v0b.and(HIGH).reinterpretAsFloats().fma(x0, d0);
      long qv1 = w1 + k * (2 * BYTES);
      IntVector v1a = IntVector.fromMemorySegment(I, ALL, qv1, LITTLE_ENDIAN);
      IntVector v1b = IntVector.fromMemorySegment(I, ALL, qv1 + BYTES, LITTLE_ENDIAN);
      a1 = v1a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, a1);
      b1 = v1a.and(HIGH).reinterpretAsFloats().fma(x0, b1);
      c1 = v1b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, c1);
      d1 = v1b.and(HIGH).reinterpretAsFloats().fma(x0, d1);
      if ((k & (block - 1)) == block - 1) {
        a0.intoArray(z, p);
        b0.intoArray(z, p + L);
        c0.intoArray(z, p + 2 * L);
        d0.intoArray(z, p + 3 * L);
        a1.intoArray(z, p + zApart);
        b1.intoArray(z, p + zApart + L);
        c1.intoArray(z, p + zApart + 2 * L);
        d1.intoArray(z, p + zApart + 3 * L);
        p += 4 * L;
        a0 = zero;
        b0 = zero;
        c0 = zero;
        d0 = zero;
        a1 = zero;
        b1 = zero;
        c1 = zero;
        d1 = zero;
      }
    }
  }

  /** Four row vectors of three groups, one activation row. */
  static void oneOfThree(
      long w,
      long apart,
      float[] x,
      int xo,
      int columns,
      int block,
      float[] z,
      int zo,
      int zApart) {
    long w1 = w + apart;
    long w2 = w1 + apart;
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector b0 = zero;
    FloatVector c0 = zero;
    FloatVector d0 = zero;
    FloatVector a1 = zero;
    FloatVector b1 = zero;
    FloatVector c1 = zero;
    FloatVector d1 = zero;
    FloatVector a2 = zero;
    FloatVector b2 = zero;
    FloatVector c2 = zero;
    FloatVector d2 = zero;
    int p = zo;
    for (int k = 0; k < columns; k++) {
      FloatVector x0 = FloatVector.broadcast(F, x[xo + k]);
      long qv0 = w + k * (2 * BYTES);
      IntVector v0a = IntVector.fromMemorySegment(I, ALL, qv0, LITTLE_ENDIAN);
      IntVector v0b = IntVector.fromMemorySegment(I, ALL, qv0 + BYTES, LITTLE_ENDIAN);
      a0 = v0a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, a0);
      b0 = v0a.and(HIGH).reinterpretAsFloats().fma(x0, b0);
      c0 = v0b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, c0);
      d0 = v0b.and(HIGH).reinterpretAsFloats().fma(x0, d0);
      long qv1 = w1 + k * (2 * BYTES);
      IntVector v1a = IntVector.fromMemorySegment(I, ALL, qv1, LITTLE_ENDIAN);
      IntVector v1b = IntVector.fromMemorySegment(I, ALL, qv1 + BYTES, LITTLE_ENDIAN);
      a1 = v1a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, a1);
      b1 = v1a.and(HIGH).reinterpretAsFloats().fma(x0, b1);
      c1 = v1b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, c1);
      d1 = v1b.and(HIGH).reinterpretAsFloats().fma(x0, d1);
      long qv2 = w2 + k * (2 * BYTES);
      IntVector v2a = IntVector.fromMemorySegment(I, ALL, qv2, LITTLE_ENDIAN);
      IntVector v2b = IntVector.fromMemorySegment(I, ALL, qv2 + BYTES, LITTLE_ENDIAN);
      a2 = v2a.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, a2);
      b2 = v2a.and(HIGH).reinterpretAsFloats().fma(x0, b2);
      c2 = v2b.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, c2);
      d2 = v2b.and(HIGH).reinterpretAsFloats().fma(x0, d2);
      if ((k & (block - 1)) == block - 1) {
        a0.intoArray(z, p);
        b0.intoArray(z, p + L);
        c0.intoArray(z, p + 2 * L);
        d0.intoArray(z, p + 3 * L);
        a1.intoArray(z, p + zApart);
        b1.intoArray(z, p + zApart + L);
        c1.intoArray(z, p + zApart + 2 * L);
        d1.intoArray(z, p + zApart + 3 * L);
        a2.intoArray(z, p + 2 * zApart);
        b2.intoArray(z, p + 2 * zApart + L);
        c2.intoArray(z, p + 2 * zApart + 2 * L);
        d2.intoArray(z, p + 2 * zApart + 3 * L);
        p += 4 * L;
        a0 = zero;
        b0 = zero;
        c0 = zero;
        d0 = zero;
        a1 = zero;
        b1 = zero;
        c1 = zero;
        d1 = zero;
        a2 = zero;
        b2 = zero;
        c2 = zero;
        d2 = zero;
      }
    }
  }

  /** Four row vectors, two activation rows. */
  static void two(long w, float[] x, int xo, int columns, int block, float[] z, int zo) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector d0 = zero;
    FloatVector d1 = zero;
    int p = zo;
    for (int k = 0; k < columns; k++) {
      FloatVector x0 = FloatVector.broadcast(F, x[xo + 2 * k]);
      FloatVector x1 = FloatVector.broadcast(F, x[xo + 2 * k + 1]);
      long qv = w + k * (2 * BYTES);
      IntVector va = IntVector.fromMemorySegment(I, ALL, qv, LITTLE_ENDIAN);
      IntVector vb = IntVector.fromMemorySegment(I, ALL, qv + BYTES, LITTLE_ENDIAN);
      FloatVector u0 = va.lanewise(LSHL, 16).reinterpretAsFloats();
      a0 = u0.fma(x0, a0);
      a1 = u0.fma(x1, a1);
      FloatVector u1 = va.and(HIGH).reinterpretAsFloats();
      b0 = u1.fma(x0, b0);
      b1 = u1.fma(x1, b1);
      FloatVector u2 = vb.lanewise(LSHL, 16).reinterpretAsFloats();
      c0 = u2.fma(x0, c0);
      c1 = u2.fma(x1, c1);
      FloatVector u3 = vb.and(HIGH).reinterpretAsFloats();
      d0 = u3.fma(x0, d0);
      d1 = u3.fma(x1, d1);
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

  /** Four row vectors of three groups, two activation rows. */
  static void twoOfThree(
      long w,
      long apart,
      float[] x,
      int xo,
      int columns,
      int block,
      float[] z,
      int zo,
      int zApart) {
    long w1 = w + apart;
    long w2 = w1 + apart;
    FloatVector zero = FloatVector.zero(F);
    FloatVector a00 = zero;
    FloatVector a01 = zero;
    FloatVector b00 = zero;
    FloatVector b01 = zero;
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector d00 = zero;
    FloatVector d01 = zero;
    FloatVector a10 = zero;
    FloatVector a11 = zero;
    FloatVector b10 = zero;
    FloatVector b11 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector d10 = zero;
    FloatVector d11 = zero;
    FloatVector a20 = zero;
    FloatVector a21 = zero;
    FloatVector b20 = zero;
    FloatVector b21 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector d20 = zero;
    FloatVector d21 = zero;
    int p = zo;
    for (int k = 0; k < columns; k++) {
      FloatVector x0 = FloatVector.broadcast(F, x[xo + 2 * k]);
      FloatVector x1 = FloatVector.broadcast(F, x[xo + 2 * k + 1]);
      long qv0 = w + k * (2 * BYTES);
      IntVector v0a = IntVector.fromMemorySegment(I, ALL, qv0, LITTLE_ENDIAN);
      IntVector v0b = IntVector.fromMemorySegment(I, ALL, qv0 + BYTES, LITTLE_ENDIAN);
      FloatVector u00 = v0a.lanewise(LSHL, 16).reinterpretAsFloats();
      a00 = u00.fma(x0, a00);
      a01 = u00.fma(x1, a01);
      FloatVector u01 = v0a.and(HIGH).reinterpretAsFloats();
      b00 = u01.fma(x0, b00);
      b01 = u01.fma(x1, b01);
      FloatVector u02 = v0b.lanewise(LSHL, 16).reinterpretAsFloats();
      c00 = u02.fma(x0, c00);
      c01 = u02.fma(x1, c01);
      FloatVector u03 = v0b.and(HIGH).reinterpretAsFloats();
      d00 = u03.fma(x0, d00);
      d01 = u03.fma(x1, d01);
      long qv1 = w1 + k * (2 * BYTES);
      IntVector v1a = IntVector.fromMemorySegment(I, ALL, qv1, LITTLE_ENDIAN);
      IntVector v1b = IntVector.fromMemorySegment(I, ALL, qv1 + BYTES, LITTLE_ENDIAN);
      FloatVector u10 = v1a.lanewise(LSHL, 16).reinterpretAsFloats();
      a10 = u10.fma(x0, a10);
      a11 = u10.fma(x1, a11);
      FloatVector u11 = v1a.and(HIGH).reinterpretAsFloats();
      b10 = u11.fma(x0, b10);
      b11 = u11.fma(x1, b11);
      FloatVector u12 = v1b.lanewise(LSHL, 16).reinterpretAsFloats();
      c10 = u12.fma(x0, c10);
      c11 = u12.fma(x1, c11);
      FloatVector u13 = v1b.and(HIGH).reinterpretAsFloats();
      d10 = u13.fma(x0, d10);
      d11 = u13.fma(x1, d11);
      long qv2 = w2 + k * (2 * BYTES);
      IntVector v2a = IntVector.fromMemorySegment(I, ALL, qv2, LITTLE_ENDIAN);
      IntVector v2b = IntVector.fromMemorySegment(I, ALL, qv2 + BYTES, LITTLE_ENDIAN);
      FloatVector u20 = v2a.lanewise(LSHL, 16).reinterpretAsFloats();
      a20 = u20.fma(x0, a20);
      a21 = u20.fma(x1, a21);
      FloatVector u21 = v2a.and(HIGH).reinterpretAsFloats();
      b20 = u21.fma(x0, b20);
      b21 = u21.fma(x1, b21);
      FloatVector u22 = v2b.lanewise(LSHL, 16).reinterpretAsFloats();
      c20 = u22.fma(x0, c20);
      c21 = u22.fma(x1, c21);
      FloatVector u23 = v2b.and(HIGH).reinterpretAsFloats();
      d20 = u23.fma(x0, d20);
      d21 = u23.fma(x1, d21);
      if ((k & (block - 1)) == block - 1) {
        a00.intoArray(z, p);
        a01.intoArray(z, p + L);
        b00.intoArray(z, p + 2 * L);
        b01.intoArray(z, p + 3 * L);
        c00.intoArray(z, p + 4 * L);
        c01.intoArray(z, p + 5 * L);
        d00.intoArray(z, p + 6 * L);
        d01.intoArray(z, p + 7 * L);
        a10.intoArray(z, p + zApart);
        a11.intoArray(z, p + zApart + L);
        b10.intoArray(z, p + zApart + 2 * L);
        b11.intoArray(z, p + zApart + 3 * L);
        c10.intoArray(z, p + zApart + 4 * L);
        c11.intoArray(z, p + zApart + 5 * L);
        d10.intoArray(z, p + zApart + 6 * L);
        d11.intoArray(z, p + zApart + 7 * L);
        a20.intoArray(z, p + 2 * zApart);
        a21.intoArray(z, p + 2 * zApart + L);
        b20.intoArray(z, p + 2 * zApart + 2 * L);
        b21.intoArray(z, p + 2 * zApart + 3 * L);
        c20.intoArray(z, p + 2 * zApart + 4 * L);
        c21.intoArray(z, p + 2 * zApart + 5 * L);
        d20.intoArray(z, p + 2 * zApart + 6 * L);
        d21.intoArray(z, p + 2 * zApart + 7 * L);
        p += 8 * L;
        a00 = zero;
        a01 = zero;
        b00 = zero;
        b01 = zero;
        c00 = zero;
        c01 = zero;
        d00 = zero;
        d01 = zero;
        a10 = zero;
        a11 = zero;
        b10 = zero;
        b11 = zero;
        c10 = zero;
        c11 = zero;
        d10 = zero;
        d11 = zero;
        a20 = zero;
        a21 = zero;
        b20 = zero;
        b21 = zero;
        c20 = zero;
        c21 = zero;
        d20 = zero;
        d21 = zero;
      }
    }
  }

  /** The first two row vectors, four activation rows. */
  static void fourLow(long w, float[] x, int xo, int columns, int block, float[] z, int zo) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector a2 = zero;
    FloatVector a3 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector b2 = zero;
    FloatVector b3 = zero;
    int p = zo;
    for (int k = 0; k < columns; k++) {
      long qv = w + k * (2 * BYTES);
      IntVector va = IntVector.fromMemorySegment(I, ALL, qv, LITTLE_ENDIAN);
      FloatVector u0 = va.lanewise(LSHL, 16).reinterpretAsFloats();
      FloatVector u1 = va.and(HIGH).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(F, x[xo + 4 * k]);
      a0 = u0.fma(x0, a0);
      b0 = u1.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(F, x[xo + 4 * k + 1]);
      a1 = u0.fma(x1, a1);
      b1 = u1.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(F, x[xo + 4 * k + 2]);
      a2 = u0.fma(x2, a2);
      b2 = u1.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(F, x[xo + 4 * k + 3]);
      a3 = u0.fma(x3, a3);
      b3 = u1.fma(x3, b3);
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

  /** The last two row vectors, four activation rows. */
  static void fourHigh(long w, float[] x, int xo, int columns, int block, float[] z, int zo) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector a2 = zero;
    FloatVector a3 = zero;
    FloatVector b0 = zero;
    FloatVector b1 = zero;
    FloatVector b2 = zero;
    FloatVector b3 = zero;
    int p = zo + 8 * L;
    for (int k = 0; k < columns; k++) {
      long qv = w + k * (2 * BYTES);
      IntVector vb = IntVector.fromMemorySegment(I, ALL, qv + BYTES, LITTLE_ENDIAN);
      FloatVector u0 = vb.lanewise(LSHL, 16).reinterpretAsFloats();
      FloatVector u1 = vb.and(HIGH).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(F, x[xo + 4 * k]);
      a0 = u0.fma(x0, a0);
      b0 = u1.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(F, x[xo + 4 * k + 1]);
      a1 = u0.fma(x1, a1);
      b1 = u1.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(F, x[xo + 4 * k + 2]);
      a2 = u0.fma(x2, a2);
      b2 = u1.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(F, x[xo + 4 * k + 3]);
      a3 = u0.fma(x3, a3);
      b3 = u1.fma(x3, b3);
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

  /** Four row vectors, four activation rows. */
  static void wide(long w, float[] x, int xo, int columns, int block, float[] z, int zo) {
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
    int p = zo;
    for (int k = 0; k < columns; k++) {
      long qv = w + k * (2 * BYTES);
      IntVector va = IntVector.fromMemorySegment(I, ALL, qv, LITTLE_ENDIAN);
      IntVector vb = IntVector.fromMemorySegment(I, ALL, qv + BYTES, LITTLE_ENDIAN);
      FloatVector u0 = va.lanewise(LSHL, 16).reinterpretAsFloats();
      FloatVector u1 = va.and(HIGH).reinterpretAsFloats();
      FloatVector u2 = vb.lanewise(LSHL, 16).reinterpretAsFloats();
      FloatVector u3 = vb.and(HIGH).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(F, x[xo + 4 * k]);
      a0 = u0.fma(x0, a0);
      b0 = u1.fma(x0, b0);
      c0 = u2.fma(x0, c0);
      d0 = u3.fma(x0, d0);
      FloatVector x1 = FloatVector.broadcast(F, x[xo + 4 * k + 1]);
      a1 = u0.fma(x1, a1);
      b1 = u1.fma(x1, b1);
      c1 = u2.fma(x1, c1);
      d1 = u3.fma(x1, d1);
      FloatVector x2 = FloatVector.broadcast(F, x[xo + 4 * k + 2]);
      a2 = u0.fma(x2, a2);
      b2 = u1.fma(x2, b2);
      c2 = u2.fma(x2, c2);
      d2 = u3.fma(x2, d2);
      FloatVector x3 = FloatVector.broadcast(F, x[xo + 4 * k + 3]);
      a3 = u0.fma(x3, a3);
      b3 = u1.fma(x3, b3);
      c3 = u2.fma(x3, c3);
      d3 = u3.fma(x3, d3);
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
