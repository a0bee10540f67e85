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
  public void nibbles(long w, float[] x, int xo, int tokens, int columns, int block, float[] z) {
    float[] weights = new float[ROW_VECTORS * lanes];
    for (int k = 0; k < columns; k++) {
      for (int l = 0; l < lanes; l++) {
        int v = getShort(w + 2L * (k * lanes + l));
        for (int j = 0; j < ROW_VECTORS; j++) {
          weights[j * lanes + l] = v >> 4 * j & 15;
        }
      }
      column(weights, x, xo + k * tokens, tokens, k, block, z);
    }
  }

  @Override
  public void bytes(long w, float[] x, int xo, int tokens, int columns, int block, float[] z) {
    float[] weights = new float[ROW_VECTORS * lanes];
    for (int k = 0; k < columns; k++) {
      for (int l = 0; l < lanes; l++) {
        int v = getInt(w + 4L * (k * lanes + l));
        for (int j = 0; j < ROW_VECTORS; j++) {
          weights[j * lanes + l] = (byte) (v >> 8 * j);
        }
      }
      column(weights, x, xo + k * tokens, tokens, k, block, z);
    }
  }

  @Override
  public void halves(long w, float[] x, int xo, int tokens, int columns, int block, float[] z) {
    float[] weights = new float[ROW_VECTORS * lanes];
    for (int k = 0; k < columns; k++) {
      for (int i = 0; i < 2 * lanes; i++) {
        int v = getInt(w + 4L * (2 * k * lanes + i));
        int row = 2 * (i / lanes) * lanes + i % lanes;
        weights[row] = Float.float16ToFloat((short) v) * HALF_WEIGHT_UNIT;
        weights[row + lanes] = Float.float16ToFloat((short) (v >> 16)) * HALF_WEIGHT_UNIT;
      }
      column(weights, x, xo + k * tokens, tokens, k, block, z);
    }
  }

  @Override
  public void brains(long w, float[] x, int xo, int tokens, int columns, int block, float[] z) {
    float[] weights = new float[ROW_VECTORS * lanes];
    for (int k = 0; k < columns; k++) {
      for (int i = 0; i < 2 * lanes; i++) {
        int v = getInt(w + 4L * (2 * k * lanes + i));
        int row = 2 * (i / lanes) * lanes + i % lanes;
        weights[row] = Float.intBitsToFloat(v << 16);
        weights[row + lanes] = Float.intBitsToFloat(v & 0xffff0000);
      }
      column(weights, x, xo + k * tokens, tokens, k, block, z);
    }
  }

  @Override
  public void floats(long w, float[] x, int xo, int tokens, int columns, int block, float[] z) {
    int rows = ROW_VECTORS * lanes;
    float[] weights = new float[rows];
    for (int k = 0; k < columns; k++) {
      for (int i = 0; i < rows; i++) {
        weights[i] = getFloat(w + 4L * (k * rows + i));
      }
      column(weights, x, xo + k * tokens, tokens, k, block, z);
    }
  }

  /** Adds one column of a group to its block sums. */
  private void column(float[] weights, float[] x, int xo, int tokens, int k, int block, float[] z) {
    int base = k / block * ROW_VECTORS * tokens * lanes;
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
  public void unpackNibbles(long w, int n, long out) {
    for (int i = 0; i < n * lanes; i++) {
      for (int j = 0; j < ROW_VECTORS; j++) {
        int at = (i / lanes * ROW_VECTORS + j) * lanes + i % lanes;
        setFloat(out + 4L * at, getShort(w + 2L * i) >> 4 * j & 15);
      }
    }
  }

  @Override
  public void unpackBytes(long w, int n, long out) {
    for (int i = 0; i < n * lanes; i++) {
      for (int j = 0; j < ROW_VECTORS; j++) {
        int at = (i / lanes * ROW_VECTORS + j) * lanes + i % lanes;
        setFloat(out + 4L * at, (byte) (getInt(w + 4L * i) >> 8 * j));
      }
    }
  }

  @Override
  public void unpackHalves(long w, int n, long out) {
    for (int i = 0; i < 2 * n * lanes; i++) {
      int v = getInt(w + 4L * i);
      int at = i / lanes * 2 * lanes + i % lanes;
      setFloat(out + 4L * at, Float.float16ToFloat((short) v));
      setFloat(out + 4L * (at + lanes), Float.float16ToFloat((short) (v >> 16)));
    }
  }

  @Override
  public void unpackBrains(long w, int n, long out) {
    for (int i = 0; i < 2 * n * lanes; i++) {
      int v = getInt(w + 4L * i);
      int at = i / lanes * 2 * lanes + i % lanes;
      setFloat(out + 4L * at, Float.intBitsToFloat(v << 16));
      setFloat(out + 4L * (at + lanes), Float.intBitsToFloat(v & 0xffff0000));
    }
  }

  @Override
  public void addPlain(float[] z, int tokens, int blocks, float[] totals, int to) {
    int n = ROW_VECTORS * tokens * lanes;
    for (int b = 0; b < blocks; b++) {
      for (int i = 0; i < n; i++) {
        totals[to + i] += z[b * n + i];
      }
    }
  }

  @Override
  public void addScaled(
      long scales, long stride, float[] z, int tokens, int blocks, float[] totals, int to) {
    int n = tokens * lanes;
    for (int p = 0; p < blocks * ROW_VECTORS; p++) {
      for (int i = 0; i < n; i++) {
        int at = to + p % ROW_VECTORS * n + i;
        float scale = ofBlock(scales, stride, p, i % lanes);
        totals[at] = Math.fma(z[p * n + i], scale, totals[at]);
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
