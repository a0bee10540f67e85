package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.F;
import static dev.slipstream.engine.kernel.Lanes.L;

import jdk.incubator.vector.FloatVector;

/** The kernels in terms of the Vector API, at the vector size that this machine prefers. */
final class VectorKernels implements Kernels {
  /** x86 before AVX-512 has 16 vector registers; all others have 32. */
  private final boolean manyRegisters;

  VectorKernels(boolean manyRegisters) {
    this.manyRegisters = manyRegisters;
  }

  @Override
  public int lanes() {
    return L;
  }

  @Override
  public String description() {
    return "Vector API, %d-bit vectors (%d floats), %d registers"
        .formatted(F.vectorBitSize(), L, manyRegisters ? 32 : 16);
  }

  @Override
  public int groupsAtOnce(int tokens) {
    if (manyRegisters) {
      return tokens < 4 ? 3 : 1;
    }
    return tokens == 1 ? 2 : 1;
  }

  @Override
  public void sum(
      Codes codes,
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
    boolean many = manyRegisters;
    switch (codes) {
      case NIBBLES ->
          NibbleKernels.sum(many, w, apart, groups, x, xo, tokens, columns, block, z, zApart);
      case BYTES ->
          ByteKernels.sum(many, w, apart, groups, x, xo, tokens, columns, block, z, zApart);
      case HALVES ->
          HalfKernels.sum(many, w, apart, groups, x, xo, tokens, columns, block, z, zApart);
      case BRAINS ->
          BrainKernels.sum(many, w, apart, groups, x, xo, tokens, columns, block, z, zApart);
      case FLOATS ->
          FloatKernels.sum(many, w, apart, groups, x, xo, tokens, columns, block, z, zApart);
    }
  }

  /** As measured: with 16 registers, formats with minimums lose a sixth by it. */
  @Override
  public boolean panelsPay(boolean mins) {
    return manyRegisters || !mins;
  }

  @Override
  public void unpack(Codes codes, long w, int n, long out) {
    switch (codes) {
      case NIBBLES -> Panels.nibbles(w, n, out);
      case BYTES -> Panels.bytes(w, n, out);
      case HALVES -> Panels.halves(w, n, out);
      case BRAINS -> Panels.brains(w, n, out);
      case FLOATS -> NativeMemory.copy(w, out, 4L * n * ROW_VECTORS * L);
    }
  }

  @Override
  public void addPlain(float[] z, int zo, int tokens, int blocks, float[] totals, int to) {
    for (int t = 0; t < tokens; t++) {
      Epilogues.plain(z, zo + t * L, tokens * L, blocks, totals, to + t * L);
    }
  }

  @Override
  public void addScaled(
      long scales, long stride, float[] z, int zo, int tokens, int blocks, float[] totals, int to) {
    Epilogues.scaled(scales, stride, z, zo, tokens, blocks, totals, to);
  }

  @Override
  public void addMins(
      long mins,
      long stride,
      float[] sums,
      int so,
      int tokens,
      int blocks,
      float[] totals,
      int to) {
    int at = to + ROW_VECTORS * tokens * L;
    Epilogues.mins(mins, stride, sums, so, tokens, blocks, totals, at);
  }

  @Override
  public void unpackPairs(long pairs, int n, long out) {
    Epilogues.unpack(pairs, n, out);
  }

  @Override
  public void multiplyFactors(long factors, long codes, int n, boolean mins, long out) {
    if (!mins) {
      Epilogues.multiply(factors, codes, Lanes.BYTES, n, out, 4 * Lanes.BYTES);
      return;
    }
    Epilogues.multiply(factors, codes, 2 * Lanes.BYTES, n, out, 8 * Lanes.BYTES);
    long minFactors = factors + 4 * Lanes.BYTES;
    long minOut = out + 4 * Lanes.BYTES;
    Epilogues.multiply(
        minFactors, codes + Lanes.BYTES, 2 * Lanes.BYTES, n, minOut, 8 * Lanes.BYTES);
  }

  @Override
  public void finish(
      Codes codes,
      float minUnit,
      float[] totals,
      int from,
      int tokens,
      int used,
      float[] out,
      int outOffset,
      int outStride) {
    for (int j = 0; j < ROW_VECTORS; j++) {
      float unit = unit(codes, j);
      for (int t = 0; t < used; t++) {
        int at = from + (j * tokens + t) * L;
        FloatVector sum = FloatVector.fromArray(F, totals, at).mul(unit);
        if (minUnit != 0) {
          int min = at + ROW_VECTORS * tokens * L;
          sum = sum.add(FloatVector.fromArray(F, totals, min).mul(minUnit));
        }
        sum.intoArray(out, outOffset + t * outStride + j * L);
      }
    }
  }

  /** What the kernels' sums of row vector j must be multiplied with. */
  private static float unit(Codes codes, int j) {
    return switch (codes) {
      case BRAINS, FLOATS -> 1;
      case HALVES -> HalfKernels.UNIT;
      case BYTES -> 0x1p-24f;
      case NIBBLES -> 1f / (1 << 4 * j);
    };
  }
}
