package dev.slipstream.engine.tensor;

import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.util.Arrays;

/**
 * The right-hand side of {@link WeightMatrix#multiply}: up to maxRows activation rows, rearranged
 * once and then read by any number of matrices with the same number of columns.
 *
 * <p>Rows are cut into tiles of 4, the rest into a tile of 4, 2 or 1; a tile is interleaved (column
 * by column, its rows side by side). Columns are padded with zeros to a multiple of 32. The sum of
 * every 16 and every 32 columns is kept for weight formats with a minimum.
 */
public final class Activations {
  static final int TILE = 4;
  static final int PADDING = 32;
  private static final int HALF = PADDING / 2;

  final float[] values;
  private final float[] sums16;
  private final float[] sums32;
  private final int maxRows;
  private final int maxColumns;
  private int rows;
  private int columns;

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

  /**
   * Packs this worker's share of the rows x[xOffset + t * xStride ...]. All workers must call it
   * with the same arguments and then meet at a barrier before a matrix is multiplied, and again
   * before the next packing.
   */
  public void pack(float[] x, int xOffset, int xStride, int rows, int columns, Worker w) {
    if (rows < 1 || rows > maxRows || columns < 1 || columns > maxColumns) {
      throw new IllegalArgumentException(
          "cannot pack %d x %d activations, the limit is %d x %d"
              .formatted(rows, columns, maxRows, maxColumns));
    }
    if (w.index() == 0) {
      this.rows = rows;
      this.columns = columns;
    }
    int padded = pad(columns, PADDING);
    int blocks = padded / PADDING;
    int items = blocks * tiles(rows);
    for (int item = w.first(items); item < w.end(items); item++) {
      int tile = item / blocks;
      int width = tileWidth(rows, tile);
      int used = Math.min(width, rows - tile * TILE);
      int from = xOffset + tile * TILE * xStride;
      int at = item % blocks * PADDING;
      int end = Math.min(columns, at + PADDING);
      packBlock(x, from, xStride, used, at, end, tile * TILE * padded, width);
    }
  }

  private void packBlock(
      float[] x, int from, int stride, int used, int at, int end, int base, int width) {
    int start = base + at * width;
    Arrays.fill(values, start, start + PADDING * width, 0);
    for (int t = 0; t < used; t++) {
      int source = from + t * stride;
      for (int k = at; k < end; k++) {
        values[base + k * width + t] = x[source + k];
      }
    }
    for (int t = 0; t < width; t++) {
      float low = sum(start + t, width);
      float high = sum(start + HALF * width + t, width);
      int i = base / HALF + at / HALF * width + t;
      sums16[i] = low;
      sums16[i + width] = high;
      sums32[base / PADDING + at / PADDING * width + t] = low + high;
    }
  }

  /** Sum of 16 values in one fixed order, four chains that do not wait for each other. */
  private float sum(int p, int width) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    for (int i = 0; i < HALF; i += 4) {
      a += values[p + i * width];
      b += values[p + (i + 1) * width];
      c += values[p + (i + 2) * width];
      d += values[p + (i + 3) * width];
    }
    return (a + b) + (c + d);
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
    return tiles(rows);
  }

  /** Rows of a tile as stored: 4, 2 or 1. */
  int tileWidth(int tile) {
    return tileWidth(rows, tile);
  }

  /** Where a tile starts in {@link #values}; its sums start at this divided by the block size. */
  int tileOffset(int tile) {
    return tile * TILE * pad(columns, PADDING);
  }

  /** Sums of blocks of 16 or 32 columns. */
  float[] sums(int block) {
    return block == HALF ? sums16 : sums32;
  }

  private static int tiles(int rows) {
    return (rows + TILE - 1) / TILE;
  }

  private static int tileWidth(int rows, int tile) {
    int left = rows - tile * TILE;
    return left >= 3 ? TILE : left;
  }

  static int pad(int value, int multiple) {
    return Math.multiplyExact(Math.ceilDiv(value, multiple), multiple);
  }
}
