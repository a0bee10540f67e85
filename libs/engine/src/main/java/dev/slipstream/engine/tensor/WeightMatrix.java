package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.Kernels.Codes;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A weight matrix, repacked at load into the layout that the kernels read (see {@link Kernels}).
 *
 * <p>Weights are used at their exact values and activations stay in float. An element of the result
 * has the same bits whatever other rows are in the batch and however many workers share the work.
 * Every weight is read once for all activation rows.
 */
public abstract sealed class WeightMatrix permits QuantizedMatrix, RealMatrix {
  /** Most columns of a chunk: its block sums should stay in L1. */
  private static final int CHUNK = 384;

  /** Bytes of weights that are used on all tiles before going on: they should stay in L2. */
  private static final int STRIP_BYTES = 128 << 10;

  private static final int SMALLEST_BLOCK = 16;

  /** Numbers of the scratch arrays. */
  private static final int TOTALS = 0;

  private static final int BLOCK_SUMS = 1;
  private static final int LAST_GROUP = 2;
  static final int FETCHED = 3;

  /** Number of the scratch memory. */
  private static final int PANEL = 0;

  /** So many tiles are worth unpacking the weights for. */
  private static final int PANEL_TILES = 8;

  /** Floats of the unpacked weights: they should stay in L1. */
  private static final int PANEL_FLOATS = 6144;

  final Kernels kernels;
  final int lanes;
  final int groupRows;
  final int groups;
  final int paddedColumns;
  private final int rows;
  private final int columns;
  private final int chunk;
  private final int panel;

  WeightMatrix(GgufTensor tensor, Kernels kernels) {
    this.kernels = kernels;
    this.lanes = kernels.lanes();
    this.groupRows = Kernels.ROW_VECTORS * lanes;
    this.rows = tensor.rows();
    this.columns = tensor.columns();
    this.groups = Math.ceilDiv(rows, groupRows);
    this.paddedColumns = Activations.pad(columns, Activations.PADDING);
    this.chunk = part(paddedColumns, CHUNK);
    this.panel = part(paddedColumns, PANEL_FLOATS / groupRows);
  }

  /** Columns of a part, if so many are cut into as few and as equal parts as the limit allows. */
  private static int part(int columns, int limit) {
    int parts = Math.ceilDiv(columns, limit);
    return Activations.pad(Math.ceilDiv(columns, parts), Activations.PADDING);
  }

  /** Repacks a tensor; the tensor's data is not needed afterwards. */
  public static WeightMatrix of(GgufTensor tensor, ComputePool pool, WeightMemory memory) {
    return of(tensor, pool, KernelSelection.kernels(), memory);
  }

  static WeightMatrix of(
      GgufTensor tensor, ComputePool pool, Kernels kernels, WeightMemory memory) {
    return switch (tensor.type()) {
      case F32, F16, BF16 -> new RealMatrix(tensor, pool, kernels, memory);
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K ->
          new QuantizedMatrix(tensor, format(tensor.type()), pool, kernels, memory);
    };
  }

  private static QuantFormat format(GgmlType type) {
    return QuantFormat.valueOf(type.name());
  }

  /** Output size. */
  public final int rows() {
    return rows;
  }

  /** Input size. */
  public final int columns() {
    return columns;
  }

  /** Memory that the repacked weights take. */
  public abstract long bytes();

  /** Where the repacked weights lie. */
  public abstract List<MemorySegment> memory();

  /** Writes the weights of a row, an embedding for instance, to out[offset .. offset+columns). */
  public abstract void dequantizeRow(int row, float[] out, int offset);

  /** Groups of rows: what a product can be divided into. */
  public final int groups() {
    return groups;
  }

  /** First row of a group; the number of rows for the group behind the last. */
  public final int firstRow(int group) {
    return (int) Math.min(rows, (long) group * groupRows);
  }

  /**
   * Computes out[outOffset + t * outStride + r] = W[r] . x[t] for all packed activation rows t and
   * the rows r of some groups.
   *
   * @param from first group
   * @param to end (exclusive) of the groups
   * @throws IndexOutOfBoundsException if there are no such groups, or no such places in out:
   *     kernels read and write by address and do not look
   */
  public final void multiply(
      Activations x, int from, int to, float[] out, int outOffset, int outStride, Worker w) {
    if (x.columns() != columns) {
      throw new IllegalArgumentException(
          "a matrix of %d columns cannot be multiplied with activations of %d"
              .formatted(columns, x.columns()));
    }
    Objects.checkFromToIndex(from, to, groups);
    long lastRow = outOffset + (long) (x.rows() - 1) * outStride;
    Objects.checkFromToIndex(outOffset + (long) firstRow(from), lastRow + firstRow(to), out.length);
    if (x.tiles() >= PANEL_TILES && kernels.panelsPay(minUnit() != 0)) {
      multiplyByPanels(x, from, to, out, outOffset, outStride, w);
    } else {
      multiplyByTiles(x, from, to, out, outOffset, outStride, w);
    }
    // The kernels have only its address.
    Reference.reachabilityFence(this);
  }

  private void multiplyByTiles(
      Activations x, int from, int to, float[] out, int outOffset, int outStride, Worker w) {
    int strip = x.tiles() == 1 ? groups : strip();
    for (int g = from; g < to; g += strip) {
      for (int tile = 0; tile < x.tiles(); tile++) {
        int end = Math.min(to, g + strip);
        int atOnce = kernels.groupsAtOnce(x.tileWidth(tile));
        for (int i = g; i < end; i += atOnce) {
          int n = Math.min(atOnce, end - i);
          multiplyGroups(i, n, tile, x, out, outOffset, outStride, w);
        }
      }
    }
  }

  /** Groups whose weights stay in the cache while all tiles are computed. */
  private int strip() {
    return Math.clamp(STRIP_BYTES / Math.max(1, bytes() / groups), 1, groups);
  }

  /** Unpacks a piece of the weights at a time, small enough for L1, and uses it on all tiles. */
  private void multiplyByPanels(
      Activations x, int from, int to, float[] out, int outOffset, int outStride, Worker w) {
    int perTile = 2 * Activations.TILE * groupRows;
    long weights = w.memory(PANEL, (long) panel * groupRows * Float.BYTES);
    float[] sums = w.scratch(BLOCK_SUMS, Activations.TILE * groupRows * (panel / SMALLEST_BLOCK));
    float[] totals = w.scratch(TOTALS, perTile * x.tiles());
    for (int g = from; g < to; g++) {
      Arrays.fill(totals, 0, perTile * x.tiles(), 0);
      for (int k = 0; k < paddedColumns; k += panel) {
        int n = Math.min(panel, paddedColumns - k);
        fetch(g, k, n, w);
        kernels.unpack(codes(), address(g, k), n, weights);
        loadScales(g, k, n, w);
        for (int tile = 0; tile < x.tiles(); tile++) {
          int width = x.tileWidth(tile);
          int xo = x.tileOffset(tile) + k * width;
          kernels.sum(Codes.FLOATS, weights, 0, 1, x.values, xo, width, n, block(), sums, 0);
          addBlocks(g, k, n, x, tile, sums, 0, totals, tile * perTile, w);
        }
      }
      for (int tile = 0; tile < x.tiles(); tile++) {
        int at = tile * perTile;
        finish(Codes.FLOATS, g, tile, x, totals, at, out, outOffset, outStride, w);
      }
    }
  }

  private void multiplyGroups(
      int first,
      int count,
      int tile,
      Activations x,
      float[] out,
      int outOffset,
      int outStride,
      Worker w) {
    int width = x.tileWidth(tile);
    int results = width * groupRows;
    int apart = results * (chunk / SMALLEST_BLOCK);
    float[] totals = w.scratch(TOTALS, count * 2 * results);
    float[] sums = w.scratch(BLOCK_SUMS, count * apart);
    Arrays.fill(totals, 0, count * 2 * results, 0);
    boolean ahead = tile == 0 && x.rows() > 1;
    for (int k = 0; k < paddedColumns; k += chunk) {
      int n = Math.min(chunk, paddedColumns - k);
      for (int i = 0; ahead && i < count; i++) {
        fetch(first + i, k, n, w);
      }
      sumBlocks(first, count, k, n, x, tile, sums, apart);
      for (int i = 0; i < count; i++) {
        loadScales(first + i, k, n, w);
        addBlocks(first + i, k, n, x, tile, sums, i * apart, totals, i * 2 * results, w);
      }
    }
    for (int i = 0; i < count; i++) {
      finish(codes(), first + i, tile, x, totals, i * 2 * results, out, outOffset, outStride, w);
    }
  }

  /** Computes the block sums of columns k .. k+n of some groups and a tile. */
  private void sumBlocks(
      int first, int count, int k, int n, Activations x, int tile, float[] sums, int apart) {
    int width = x.tileWidth(tile);
    int xo = x.tileOffset(tile) + k * width;
    float[] inputs = codes() == Codes.HALVES ? x.halfInputs() : x.values;
    long at = address(first, k);
    long groupBytes = address(first + 1, k) - at;
    kernels.sum(codes(), at, groupBytes, count, inputs, xo, width, n, block(), sums, apart);
  }

  /** Writes the totals of a group and a tile to their place in the result. */
  private void finish(
      Codes codes,
      int group,
      int tile,
      Activations x,
      float[] totals,
      int from,
      float[] out,
      int outOffset,
      int outStride,
      Worker w) {
    int width = x.tileWidth(tile);
    int used = Math.min(width, x.rows() - tile * Activations.TILE);
    int first = group * groupRows;
    int at = outOffset + tile * Activations.TILE * outStride + first;
    if (first + groupRows <= rows) {
      kernels.finish(codes, minUnit(), totals, from, width, used, out, at, outStride);
    } else {
      float[] whole = w.scratch(LAST_GROUP, used * groupRows);
      kernels.finish(codes, minUnit(), totals, from, width, used, whole, 0, groupRows);
      for (int t = 0; t < used; t++) {
        System.arraycopy(whole, t * groupRows, out, at + t * outStride, rows - first);
      }
    }
  }

  /** How the codes are stored. */
  abstract Codes codes();

  /** Address of a column's weights in a group. */
  abstract long address(int group, int column);

  /** Columns that share a scale. */
  abstract int block();

  /** What the minimums' totals are multiplied with; 0 if there are no minimums. */
  abstract float minUnit();

  /**
   * Brings columns k .. k+n of a group into the cache, where that pays: a kernel that does much
   * with each weight has too few loads under way to hide what memory takes.
   */
  abstract void fetch(int group, int k, int n, Worker w);

  /** Prepares the scales of columns k .. k+n of a group for {@link #addBlocks}. */
  abstract void loadScales(int group, int k, int n, Worker w);

  /** Adds the block sums of columns k .. k+n of a group, from sums[from] on, to a tile's totals. */
  abstract void addBlocks(
      int group,
      int k,
      int n,
      Activations x,
      int tile,
      float[] sums,
      int from,
      float[] totals,
      int to,
      Worker w);
}
