package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.RowKernels;

/**
 * The right-hand side of {@link WeightMatrix#multiply}: up to maxRows activation rows, rearranged
 * once and then read by any number of matrices with the same number of columns. It belongs to one
 * worker; workers that need the same rows pack them each for themselves, which is cheaper than to
 * wait for one another.
 *
 * <p>Rows are cut into tiles of 4, the rest into a tile of 4, 2 or 1; a tile is interleaved (column
 * by column, its rows side by side). Columns are padded with zeros to a multiple of 32. The sum of
 * every 16 and every 32 columns is kept for weight formats with a minimum.
 */
public final class Activations {
  /** Rows of a whole tile. */
  public static final int TILE = 4;

  static final int PADDING = 32;
  private static final int HALF = PADDING / 2;
  private static final RowKernels ROW_KERNELS = KernelSelection.rowKernels();

  final float[] values;
  private final float[] sums16;
  private final float[] sums32;
  private final int maxRows;
  private final int maxColumns;
  private int rows;
  private int columns;
  private boolean summed;
  private boolean raised;
  private float[] halfInputs = {};

  /**
   * @param maxRows activation rows it can take, at least 1
   * @param maxColumns columns it can take, at least 1
   */
  public Activations(int maxRows, int maxColumns) {
    this.maxRows = maxRows;
    this.maxColumns = maxColumns;
    int size = Math.multiplyExact(pad(maxRows, TILE), pad(maxColumns, PADDING));
    this.values = new float[size];
    this.sums16 = new float[size / HALF];
    this.sums32 = new float[size / PADDING];
  }

  /** Packs the rows x[xOffset + t * xStride ...]. */
  public void pack(float[] x, int xOffset, int xStride, int rows, int columns) {
    if (rows < 1 || rows > maxRows || columns < 1 || columns > maxColumns) {
      throw new IllegalArgumentException(
          "cannot pack %d x %d activations, the limit is %d x %d"
              .formatted(rows, columns, maxRows, maxColumns));
    }
    this.rows = rows;
    this.columns = columns;
    this.summed = false;
    this.raised = false;
    for (int tile = 0; tile < tiles(); tile++) {
      packTile(x, xOffset + tile * TILE * xStride, xStride, tile);
    }
  }

  private void packTile(float[] x, int from, int stride, int tile) {
    int width = tileWidth(tile);
    int used = Math.min(width, rows - tile * TILE);
    int base = tileOffset(tile);
    int padded = pad(columns, PADDING);
    if (used == TILE) {
      interleave(x, from, stride, base);
    } else if (width == 1) {
      System.arraycopy(x, from, values, base, columns);
    } else {
      for (int t = 0; t < width; t++) {
        for (int k = 0; k < columns; k++) {
          values[base + k * width + t] = t < used ? x[from + t * stride + k] : 0;
        }
      }
    }
    for (int i = base + columns * width; i < base + padded * width; i++) {
      values[i] = 0;
    }
  }

  private void interleave(float[] x, int from, int stride, int base) {
    int a = from;
    int b = from + stride;
    int c = from + 2 * stride;
    int d = from + 3 * stride;
    for (int k = 0; k < columns; k++) {
      int at = base + k * TILE;
      values[at] = x[a + k];
      values[at + 1] = x[b + k];
      values[at + 2] = x[c + k];
      values[at + 3] = x[d + k];
    }
  }

  /** Rows packed last. */
  public int rows() {
    return rows;
  }

  /** Columns packed last. */
  public int columns() {
    return columns;
  }

  int tiles() {
    return (rows + TILE - 1) / TILE;
  }

  /** Rows of a tile as stored: 4, 2 or 1. */
  int tileWidth(int tile) {
    int left = rows - tile * TILE;
    return left >= 3 ? TILE : left;
  }

  /** Where a tile starts in {@link #values}; its sums start at this divided by the block size. */
  int tileOffset(int tile) {
    return tile * TILE * pad(columns, PADDING);
  }

  /** The values as {@link Kernels#halves} takes them, computed when they are first asked for. */
  float[] halfInputs() {
    if (halfInputs.length == 0) {
      halfInputs = new float[values.length];
    }
    if (!raised) {
      int last = tiles() - 1;
      int end = tileOffset(last) + tileWidth(last) * pad(columns, PADDING);
      for (int i = 0; i < end; i++) {
        halfInputs[i] = values[i] * Kernels.HALF_INPUT_UNIT;
      }
      raised = true;
    }
    return halfInputs;
  }

  /** Sums of blocks of 16 or 32 columns, computed when they are first asked for. */
  float[] sums(int block) {
    if (!summed) {
      for (int tile = 0; tile < tiles(); tile++) {
        sumTile(tileOffset(tile), tileWidth(tile));
      }
      summed = true;
    }
    return block == HALF ? sums16 : sums32;
  }

  private void sumTile(int base, int width) {
    for (int k = 0; k < pad(columns, PADDING); k += PADDING) {
      int at = base + k * width;
      int low = at / HALF;
      int high = low + width;
      ROW_KERNELS.sumColumns(values, at, width, sums16, low);
      ROW_KERNELS.sumColumns(values, at + HALF * width, width, sums16, high);
      for (int t = 0; t < width; t++) {
        sums32[at / PADDING + t] = sums16[low + t] + sums16[high + t];
      }
    }
  }

  static int pad(int value, int multiple) {
    return Math.multiplyExact(Math.ceilDiv(value, multiple), multiple);
  }
}
