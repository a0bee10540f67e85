package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.NativeMemory.getFloat;
import static dev.slipstream.engine.kernel.NativeMemory.getInt;
import static dev.slipstream.engine.kernel.NativeMemory.getShort;
import static dev.slipstream.engine.kernel.NativeMemory.setFloat;

import java.util.Arrays;

/** The reference: plain loops, used where the Vector API is not available. */
public final class ScalarKernels implements Kernels {
  /** The vector kernels decode float16 to this times its value. */
  private static final float HALF_WEIGHT_UNIT = 0x1p-112f;

  private final int lanes;

  /**
   * @param lanes lanes of the layout to compute with
   */
  public ScalarKernels(int lanes) {
    this.lanes = lanes;
  }

  @Override
  public int lanes() {
    return lanes;
  }

  @Override
  public String description() {
    return "scalar loops";
  }

  @Override
  public int groupsAtOnce(int tokens) {
    return 1;
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
    int rows = ROW_VECTORS * lanes;
    float unit = codes == Codes.HALVES ? HALF_WEIGHT_UNIT : 1;
    float[] weights = new float[rows];
    for (int g = 0; g < groups; g++) {
      for (int k = 0; k < columns; k++) {
        for (int row = 0; row < rows; row++) {
          weights[row] = weight(codes, w + g * apart, k, row) * unit;
        }
        column(weights, x, xo + k * tokens, tokens, k, block, z, g * zApart);
      }
    }
  }

  /** The weight of a group's row in column k. */
  private float weight(Codes codes, long w, int k, int row) {
    int j = row / lanes;
    int l = row % lanes;
    return switch (codes) {
      case NIBBLES -> getShort(w + 2L * (k * lanes + l)) >> 4 * j & 15;
      case BYTES -> (byte) (getInt(w + 4L * (k * lanes + l)) >> 8 * j);
      case HALVES -> Float.float16ToFloat(half(w, k, row));
      case BRAINS -> Float.intBitsToFloat(half(w, k, row) << 16);
      case FLOATS -> getFloat(w + 4L * (k * ROW_VECTORS * lanes + row));
    };
  }

  /** Of two row vectors, the first is in the low halves. */
  private short half(long w, int k, int row) {
    int j = row / lanes;
    return getShort(w + 4L * ((2 * k + j / 2) * lanes + row % lanes) + 2L * (j % 2));
  }

  /** Adds one column of a group to its block sums. */
  private void column(
      float[] weights, float[] x, int xo, int tokens, int k, int block, float[] z, int zo) {
    int base = zo + k / block * ROW_VECTORS * tokens * lanes;
    if (k % block == 0) {
      Arrays.fill(z, base, base + ROW_VECTORS * tokens * lanes, 0);
    }
    for (int j = 0; j < ROW_VECTORS; j++) {
      for (int t = 0; t < tokens; t++) {
        int p = base + (j * tokens + t) * lanes;
        float v = x[xo + t];
        for (int l = 0; l < lanes; l++) {
          z[p + l] = Math.fma(weights[j * lanes + l], v, z[p + l]);
        }
      }
    }
  }

  @Override
  public boolean panelsPay(boolean mins) {
    return false;
  }

  @Override
  public void unpack(Codes codes, long w, int n, long out) {
    int rows = ROW_VECTORS * lanes;
    for (int i = 0; i < n * rows; i++) {
      setFloat(out + 4L * i, weight(codes, w, i / rows, i % rows));
    }
  }

  @Override
  public void addPlain(float[] z, int zo, int tokens, int blocks, float[] totals, int to) {
    int n = ROW_VECTORS * tokens * lanes;
    for (int b = 0; b < blocks; b++) {
      for (int i = 0; i < n; i++) {
        totals[to + i] += z[zo + b * n + i];
      }
    }
  }

  @Override
  public void addScaled(
      long scales, long stride, float[] z, int zo, int tokens, int blocks, float[] totals, int to) {
    int n = tokens * lanes;
    for (int p = 0; p < blocks * ROW_VECTORS; p++) {
      for (int i = 0; i < n; i++) {
        int at = to + p % ROW_VECTORS * n + i;
        float scale = ofBlock(scales, stride, p, i % lanes);
        totals[at] = Math.fma(z[zo + p * n + i], scale, totals[at]);
      }
    }
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
    int n = tokens * lanes;
    for (int p = 0; p < blocks * ROW_VECTORS; p++) {
      for (int i = 0; i < n; i++) {
        int at = to + (ROW_VECTORS + p % ROW_VECTORS) * n + i;
        float sum = sums[so + p / ROW_VECTORS * tokens + i / lanes];
        float min = ofBlock(mins, stride, p, i % lanes);
        totals[at] = Math.fma(min, sum, totals[at]);
      }
    }
  }

  /** Lane l of vector p of all blocks. */
  private float ofBlock(long numbers, long stride, int p, int l) {
    return getFloat(numbers + p / ROW_VECTORS * stride + 4L * (p % ROW_VECTORS * lanes + l));
  }

  @Override
  public void unpackPairs(long pairs, int n, long out) {
    int rows = ROW_VECTORS * lanes;
    for (int i = 0; i < n; i++) {
      int pair = getInt(pairs + 4L * i);
      long at = out + 4L * (i + i / rows * rows);
      setFloat(at, Float.float16ToFloat((short) (pair >> 16)));
      setFloat(at + 4L * rows, Float.float16ToFloat((short) pair));
    }
  }

  @Override
  public void multiplyFactors(long factors, long codes, int n, boolean mins, long out) {
    int parts = mins ? 2 : 1;
    int rows = ROW_VECTORS * lanes;
    for (int part = 0; part < n * parts; part++) {
      for (int row = 0; row < rows; row++) {
        int code = (byte) (getInt(codes + 4L * (part * lanes + row % lanes)) >> 8 * (row / lanes));
        float factor = getFloat(factors + 4L * (part % parts * rows + row));
        setFloat(out + 4L * (part * rows + row), factor * code);
      }
    }
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
    int n = ROW_VECTORS * tokens * lanes;
    float unit = codes == Codes.HALVES ? 1 / (HALF_WEIGHT_UNIT * HALF_INPUT_UNIT) : 1;
    for (int t = 0; t < used; t++) {
      for (int i = 0; i < ROW_VECTORS * lanes; i++) {
        int at = from + (i / lanes * tokens + t) * lanes + i % lanes;
        float sum = totals[at] * unit;
        out[outOffset + t * outStride + i] = minUnit == 0 ? sum : sum + totals[n + at] * minUnit;
      }
    }
  }
}
