package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Grouped-query attention of a ragged batch over paged KV.
 *
 * <p>A row sees the committed tokens of its sequence and its own ancestors, in the order of the
 * text. Its result has the same bits whether the ancestors are committed, in the same chunk or on a
 * branch of a tree, because every sum runs over the text in that order.
 */
public final class Attention {
  /** Vectors below this are stored as zeros; the inverse of a smaller one would overflow. */
  private static final float SMALLEST = 1e-30f;

  /** The largest scaled element, with room for the rounding of the inverse. */
  private static final float LARGEST = Short.MAX_VALUE + 0.4f;

  private final KvLayout layout;
  private final long blockBytes;
  private final int group;
  private final float scale;
  private final AttentionKernels kernels;

  /**
   * @param heads query heads; a multiple of the layout's key/value heads
   * @param scale factor on query-key products
   */
  public Attention(KvLayout layout, int heads, float scale) {
    this.layout = layout;
    this.blockBytes = layout.blockBytes();
    this.group = heads / layout.kvHeads();
    this.scale = scale;
    this.kernels = AttentionProvider.kernels();
  }

  /** The KV slot of a layer. */
  public int slot(int layer) {
    return layout.slot(layer);
  }

  /** Working memory of one worker; grows with the longest context seen. */
  public static final class Scratch {
    private final Tile tile = new Tile();
    private final float[] queries;
    private final float[] sums;
    private final float[] partials = new float[AttentionKernels.PARTIALS];
    private float[] scores = new float[0];
    private int stride;

    public Scratch(int headDimension) {
      queries = new float[AttentionKernels.QUERIES * headDimension];
      sums = new float[AttentionKernels.QUERIES * headDimension];
    }

    private void reach(int places) {
      int needed = (places + BLOCK_TOKENS) & -BLOCK_TOKENS;
      if (needed > stride) {
        stride = Math.max(needed, 2 * stride);
        scores = new float[AttentionKernels.QUERIES * stride];
      }
    }
  }

  /**
   * Writes keys and values of one head of one row to their place. What is not finite is stored as
   * 0, so that a broken row cannot reach other sequences through reused blocks.
   */
  public void store(
      Batch batch, int row, int slot, int kvHead, float[] keys, int k, float[] values, int v) {
    KvSequence sequence = batch.sequence(row);
    MemorySegment memory = sequence.pool().memory();
    int place = batch.place(row);
    int token = place % BLOCK_TOKENS;
    int dimension = layout.headDimension();
    long block = sequence.block(place / BLOCK_TOKENS) * blockBytes;
    store(memory, block + layout.keyOffset(slot, kvHead), token, 1, BLOCK_TOKENS, keys, k);
    store(memory, block + layout.valueOffset(slot, kvHead), token, dimension, 1, values, v);
  }

  /** Rounds one vector to integers; element d goes to {@code token * tokenStep + d * step}. */
  private void store(
      MemorySegment memory, long plane, int token, int tokenStep, int step, float[] x, int from) {
    int dimension = layout.headDimension();
    float max = 0;
    for (int d = 0; d < dimension; d++) {
      float size = Math.abs(x[from + d]);
      max = size > max && size <= Float.MAX_VALUE ? size : max;
    }
    float scale = max < SMALLEST ? 0 : max / Short.MAX_VALUE;
    float inverse = max < SMALLEST ? 0 : Short.MAX_VALUE / max;
    long at = plane + (long) token * tokenStep * Short.BYTES;
    for (int d = 0; d < dimension; d++) {
      float scaled = x[from + d] * inverse;
      short rounded = Math.abs(scaled) <= LARGEST ? (short) Math.rint(scaled) : 0;
      memory.set(ValueLayout.JAVA_SHORT, at + (long) d * step * Short.BYTES, rounded);
    }
    memory.set(
        ValueLayout.JAVA_FLOAT, plane + layout.scalesAfter() + (long) token * Float.BYTES, scale);
  }

  /**
   * Attends for this worker's share of the batch; every row's keys and values must have been
   * stored.
   *
   * @param queries {@code queries[row * queryStride + head * headDimension + d]}
   * @param out receives {@code out[row * outStride + head * headDimension + d]}
   */
  public void attend(
      Batch batch,
      int slot,
      float[] queries,
      int queryStride,
      float[] out,
      int outStride,
      ComputePool.Worker worker,
      Scratch scratch) {
    int item = 0;
    for (int from = 0, to; from < batch.rows(); from = to) {
      to = from + 1;
      while (to < batch.rows() && batch.sequence(to) == batch.sequence(from)) {
        to++;
      }
      int count = (to - from) * group;
      for (int head = 0; head < layout.kvHeads(); head++) {
        for (int first = 0; first < count; first += AttentionKernels.QUERIES, item++) {
          if (item % worker.count() == worker.index()) {
            Tile tile = scratch.tile;
            tile.batch = batch;
            tile.firstRow = from;
            tile.slot = slot;
            tile.kvHead = head;
            tile.first = first;
            tile.last = Math.min(first + AttentionKernels.QUERIES, count);
            tile.group = group;
            tile(tile, queries, queryStride, out, outStride, scratch);
          }
        }
      }
    }
  }

  /**
   * Up to four neighbouring (row, query head) pairs that share a sequence and a key/value head.
   * Reused from tile to tile.
   */
  private static final class Tile {
    private Batch batch;
    private int firstRow;
    private int slot;
    private int kvHead;
    private int first;
    private int last;
    private int group;

    int size() {
      return last - first;
    }

    int row(int i) {
      return firstRow + (first + i) / group;
    }

    int head(int i) {
      return kvHead * group + (first + i) % group;
    }

    KvSequence sequence() {
      return batch.sequence(firstRow);
    }

    /** Places that at least one of the rows may see. */
    int reach() {
      return batch.place(row(size() - 1)) + 1;
    }
  }

  private void tile(
      Tile tile, float[] queries, int queryStride, float[] out, int outStride, Scratch scratch) {
    int dimension = layout.headDimension();
    int reach = tile.reach();
    scratch.reach(reach);
    for (int i = 0; i < AttentionKernels.QUERIES; i++) {
      int to = i * dimension;
      if (i < tile.size()) {
        int from = tile.row(i) * queryStride + tile.head(i) * dimension;
        for (int d = 0; d < dimension; d++) {
          scratch.queries[to + d] = queries[from + d] * scale;
        }
      } else {
        Arrays.fill(scratch.queries, to, to + dimension, 0f);
      }
    }
    score(tile, reach, scratch);
    Arrays.fill(scratch.sums, 0f);
    for (int i = 0; i < AttentionKernels.QUERIES; i++) {
      weigh(tile, i, reach, scratch);
    }
    sum(tile, reach, scratch);
    for (int i = 0; i < tile.size(); i++) {
      int to = tile.row(i) * outStride + tile.head(i) * dimension;
      for (int d = 0; d < dimension; d++) {
        out[to + d] = scratch.sums[i * dimension + d];
      }
    }
  }

  private void score(Tile tile, int reach, Scratch scratch) {
    KvSequence sequence = tile.sequence();
    MemorySegment memory = sequence.pool().memory();
    int keys = layout.keyOffset(tile.slot, tile.kvHead);
    for (int at = 0; at < reach; at += BLOCK_TOKENS) {
      long block = sequence.block(at / BLOCK_TOKENS) * blockBytes;
      kernels.scores(
          memory,
          block + keys,
          scratch.queries,
          layout.headDimension(),
          scratch.scores,
          at,
          scratch.stride);
    }
  }

  /** Turns the scores of one query into weights that add up to 1, by place. */
  private void weigh(Tile tile, int i, int reach, Scratch scratch) {
    float[] scores = scratch.scores;
    int start = i * scratch.stride;
    if (i >= tile.size()) {
      Arrays.fill(scores, start, start + reach, 0f);
      return;
    }
    Batch batch = tile.batch;
    int row = tile.row(i);
    int length = batch.position(row) + 1;
    if (batch.isStraight(row)) {
      kernels.softmax(scores, start, length, scratch.partials);
      Arrays.fill(scores, start + length, start + reach, 0f);
      return;
    }
    gatherAncestors(batch, row, scores, start);
    kernels.softmax(scores, start, length, scratch.partials);
    Arrays.fill(scores, start + length, start + reach, 0f);
    scatterAncestors(batch, row, scores, start);
  }

  /**
   * Moves the scores of a branch to the positions of its text. A place never precedes its position.
   */
  private static void gatherAncestors(Batch batch, int row, float[] scores, int start) {
    if (batch.parent(row) != Batch.COMMITTED) {
      gatherAncestors(batch, batch.parent(row), scores, start);
    }
    scores[start + batch.position(row)] = scores[start + batch.place(row)];
  }

  /** The way back, with zeros for everything that is not on the branch. */
  private static void scatterAncestors(Batch batch, int row, float[] scores, int start) {
    for (int r = row; r != Batch.COMMITTED; r = batch.parent(r)) {
      float weight = scores[start + batch.position(r)];
      scores[start + batch.position(r)] = 0;
      scores[start + batch.place(r)] = weight;
    }
  }

  private void sum(Tile tile, int reach, Scratch scratch) {
    KvSequence sequence = tile.sequence();
    MemorySegment memory = sequence.pool().memory();
    int values = layout.valueOffset(tile.slot, tile.kvHead);
    for (int at = 0; at < reach; at += BLOCK_TOKENS) {
      long block = sequence.block(at / BLOCK_TOKENS) * blockBytes;
      kernels.accumulate(
          memory,
          block + values,
          Math.min(BLOCK_TOKENS, reach - at),
          scratch.scores,
          at,
          scratch.stride,
          scratch.sums,
          layout.headDimension());
    }
  }
}
