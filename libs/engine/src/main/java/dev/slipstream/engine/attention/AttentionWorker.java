package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.attention.AttentionPlan.Text;
import dev.slipstream.engine.attention.AttentionPlan.Tile;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.runtime.AttentionObserver;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What one worker computes of attention, and its memory, which grows with the longest context seen.
 *
 * <p>Scores are sums of their own for each place, and results for each dimension, so that workers
 * can share the places of a head and then its dimensions without a sum being split.
 */
public final class AttentionWorker {
  /** Dimensions in a unit of shared work; whole vectors of any length. */
  private static final int SLICE = 32;

  private final KvLayout layout;
  private final AttentionKernels kernels = AttentionProvider.kernels();
  private final SelectedPlaces places = new SelectedPlaces();
  private final float[] partials = new float[AttentionKernels.PARTIALS];
  private float[] packed = new float[0];
  private float[] sums = new float[0];
  private float[] scores = new float[0];
  private int[] branch = new int[0];
  private int stride;

  // Of the call in progress.
  private AttentionPlan plan;
  private int layer;
  private KvSlot slot;
  private int dimension;
  private float[] queries;
  private int queryStride;
  private float[] out;
  private int outStride;

  @SuppressWarnings("NullAway.Init") // What is of a call is set there.
  AttentionWorker(KvLayout layout) {
    this.layout = layout;
  }

  /**
   * Attends for this worker's share of the batch; every row's keys and values must have been
   * stored.
   *
   * @param plan for slots with as many heads as this one
   * @param queries {@code queries[row * queryStride + head * dimension + d]}
   * @param out receives {@code out[row * outStride + head * dimension + d]}
   */
  public void attend(
      AttentionPlan plan,
      int layer,
      float[] queries,
      int queryStride,
      float[] out,
      int outStride,
      Worker worker) {
    this.plan = plan;
    this.layer = layer;
    this.slot = layout.slot(layout.slotOfLayer(layer));
    this.dimension = slot.dimension();
    this.queries = queries;
    this.queryStride = queryStride;
    this.out = out;
    this.outStride = outStride;
    places.selectAll();
    if (plan.isShared()) {
      score(worker);
      worker.barrier();
      weigh(worker);
      worker.barrier();
      sum(worker);
    } else {
      for (int i = worker.index(); i < plan.tiles(); i += worker.count()) {
        tile(plan.tile(i));
      }
    }
  }

  private void tile(Tile tile) {
    int reach = tile.reach();
    reach(reach);
    pack(tile, 0);
    if (tile.batch().isSelective()) {
      places.select(tile, layer);
    }
    for (int at = tile.start(); at < reach; at += BLOCK_TOKENS) {
      if (places.reads(at)) {
        score(tile, 0, at, scores, at, stride);
      }
    }
    for (int i = 0; i < tile.size(); i++) {
      weigh(tile, i, scores, i * stride);
    }
    clearSums(1);
    for (int at = tile.start(); at < reach; at += BLOCK_TOKENS) {
      if (places.reads(at)) {
        sum(tile, at, reach, scores, at, stride, 0, 0, dimension);
      }
    }
    write(tile, 0, 0, dimension);
  }

  private void reach(int places) {
    int needed = (places + BLOCK_TOKENS) & -BLOCK_TOKENS;
    if (needed > stride) {
      stride = Math.max(needed, 2 * stride);
      scores = new float[QUERIES * stride];
    }
  }

  /** This worker's share of all units, each for all tiles of its text and head. */
  private void score(Worker worker) {
    int heads = slot.heads();
    int first = worker.first(plan.units());
    int end = worker.end(plan.units());
    for (int i = 0; i < plan.texts(); i++) {
      Text text = plan.text(i);
      int from = Math.max(0, first - text.firstUnit());
      int to = Math.min(heads * text.blocks(), end - text.firstUnit());
      if (from >= to) {
        continue;
      }
      int firstTile = text.firstTile(0);
      for (int t = firstTile; t < text.firstTile(heads); t++) {
        pack(plan.tile(t), t - firstTile);
      }
      for (int unit = from; unit < to; unit++) {
        int at = text.start() + unit / heads * BLOCK_TOKENS;
        int tile = text.firstTile(unit % heads);
        for (int t = tile; t < tile + text.headTiles(); t++) {
          int scoresAt = t * QUERIES * plan.stride() + at;
          score(plan.tile(t), t - firstTile, at, plan.scores(), scoresAt, plan.stride());
        }
      }
    }
  }

  /** This worker's share of all queries. */
  private void weigh(Worker worker) {
    int query = 0;
    for (int t = 0; t < plan.tiles(); t++) {
      Tile tile = plan.tile(t);
      for (int i = 0; i < tile.size(); i++, query++) {
        if (query % worker.count() == worker.index()) {
          weigh(tile, i, plan.scores(), (t * QUERIES + i) * plan.stride());
        }
      }
    }
  }

  /** This worker's share of the dimensions of all heads, each for all tiles. */
  private void sum(Worker worker) {
    int slices = slot.heads() * slicesOf(dimension);
    int first = worker.first(plan.texts() * slices);
    int end = worker.end(plan.texts() * slices);
    for (int i = first / slices; i * slices < end; i++) {
      int from = Math.max(0, first - i * slices);
      int to = Math.min(slices, end - i * slices);
      sum(plan.text(i), from, to);
    }
  }

  /** Some slices of all heads of a text, block by block. */
  private void sum(Text text, int from, int to) {
    int slices = slicesOf(dimension);
    int firstHead = from / slices;
    int endHead = Math.ceilDiv(to, slices);
    int firstTile = text.firstTile(0);
    clearSums(text.firstTile(slot.heads()) - firstTile);
    for (int at = text.start(); at < text.reach(); at += BLOCK_TOKENS) {
      for (int head = firstHead; head < endHead; head++) {
        int tile = text.firstTile(head);
        for (int t = tile; t < tile + text.headTiles(); t++) {
          int reach = plan.tile(t).reach();
          if (at >= plan.tile(t).start() && at < reach) {
            int weights = t * QUERIES * plan.stride() + at;
            sum(
                plan.tile(t),
                at,
                reach,
                plan.scores(),
                weights,
                plan.stride(),
                t - firstTile,
                dimensions(from - head * slices),
                dimensions(to - head * slices));
          }
        }
      }
    }
    for (int t = text.firstTile(firstHead); t < text.firstTile(endHead); t++) {
      int head = plan.tile(t).kvHead();
      int first = dimensions(from - head * slices);
      int end = dimensions(to - head * slices);
      write(plan.tile(t), t - firstTile, first, end);
    }
  }

  private static int slicesOf(int dimension) {
    return Math.ceilDiv(dimension, SLICE);
  }

  /** Dimensions before a slice of a head, or all of them if it has no such slice. */
  private int dimensions(int slice) {
    return Math.clamp((long) slice * SLICE, 0, dimension);
  }

  /**
   * Scales the queries of a tile and brings them together as the i-th of this worker. Places that
   * the tile does not use are zero, and so is what comes of them.
   */
  private void pack(Tile tile, int i) {
    int start = i * QUERIES * dimension;
    if (packed.length < start + QUERIES * dimension) {
      packed = Arrays.copyOf(packed, start + QUERIES * dimension);
    }
    for (int q = 0; q < tile.size(); q++) {
      int from = tile.row(q) * queryStride + tile.head(q) * dimension;
      int to = start + q * dimension;
      for (int d = 0; d < dimension; d++) {
        packed[to + d] = queries[from + d] * plan.scale();
      }
    }
    int used = start + tile.size() * dimension;
    Arrays.fill(packed, used, start + QUERIES * dimension, 0f);
  }

  /** Scores of a tile, the i-th packed one, with the block of a place. */
  private void score(Tile tile, int i, int place, float[] scores, int to, int stride) {
    KvSequence sequence = tile.sequence();
    long keys = sequence.blockOffset(place) + slot.keyOffset(tile.kvHead());
    MemorySegment memory = sequence.pool().memory();
    slot.keys().scores(memory, keys, packed, i * QUERIES * dimension, scores, to, stride);
  }

  /**
   * Turns the scores of one query into weights by place, which add up to 1 and are then prepared
   * for their values.
   */
  private void weigh(Tile tile, int i, float[] scores, int start) {
    Batch batch = tile.batch();
    int row = tile.row(i);
    int reach = tile.reach();
    int length = batch.position(row) + 1;
    int first = plan.firstSeen(batch.position(row));
    boolean straight = batch.isStraight(row);
    if (!straight) {
      gatherAncestors(batch, row, first, scores, start);
    }
    int whole = first & -AttentionKernels.PARTIALS; // what the kernel needs to stay in its row
    Arrays.fill(scores, start + whole, start + first, Float.NEGATIVE_INFINITY);
    places.mask(batch, row, tile.kvHead(), first, scores, start);
    kernels.softmax(scores, start + whole, length - whole, partials);
    AttentionObserver observer = batch.observer(row);
    if (observer != null) {
      observer.observe(row, layer, tile.head(i), first, scores, start + first, length - first);
    }
    Arrays.fill(scores, start + tile.start(), start + whole, 0f);
    Arrays.fill(scores, start + length, start + reach, 0f);
    if (!straight) {
      scatterAncestors(batch, row, first, scores, start);
    }
    KvSequence sequence = tile.sequence();
    MemorySegment memory = sequence.pool().memory();
    int values = slot.valueOffset(tile.kvHead());
    for (int at = tile.start(); at < reach; at += BLOCK_TOKENS) {
      if (places.reads(at)) {
        slot.values().prepare(memory, sequence.blockOffset(at) + values, scores, start + at);
      }
    }
  }

  /**
   * Moves the scores of a branch to the positions of its text, from the first one seen on. A place
   * never precedes its position.
   */
  private void gatherAncestors(Batch batch, int row, int first, float[] scores, int start) {
    if (branch.length < batch.rows()) {
      branch = new int[batch.capacity()];
    }
    int length = 0;
    for (int r = row; r != Batch.COMMITTED && batch.position(r) >= first; r = batch.parent(r)) {
      branch[length++] = r;
    }
    for (int i = length - 1; i >= 0; i--) {
      scores[start + batch.position(branch[i])] = scores[start + batch.place(branch[i])];
    }
  }

  /** The way back, with zeros for everything that is not on the branch. */
  private static void scatterAncestors(Batch batch, int row, int first, float[] scores, int start) {
    for (int r = row; r != Batch.COMMITTED && batch.position(r) >= first; r = batch.parent(r)) {
      float weight = scores[start + batch.position(r)];
      scores[start + batch.position(r)] = 0;
      scores[start + batch.place(r)] = weight;
    }
  }

  private void clearSums(int tiles) {
    int needed = tiles * QUERIES * dimension;
    if (sums.length < needed) {
      sums = new float[needed];
    }
    Arrays.fill(sums, 0, needed, 0f);
  }

  /** Adds some dimensions of the values in the block of a place to the i-th sums. */
  private void sum(
      Tile tile,
      int place,
      int reach,
      float[] weights,
      int weight,
      int stride,
      int i,
      int from,
      int to) {
    KvSequence sequence = tile.sequence();
    slot.values()
        .accumulate(
            sequence.pool().memory(),
            sequence.blockOffset(place) + slot.valueOffset(tile.kvHead()),
            Math.min(BLOCK_TOKENS, reach - place),
            weights,
            weight,
            stride,
            from,
            to,
            sums,
            i * QUERIES * dimension);
  }

  private void write(Tile tile, int i, int from, int to) {
    for (int q = 0; q < tile.size(); q++) {
      int at = tile.row(q) * outStride + tile.head(q) * dimension;
      System.arraycopy(sums, (i * QUERIES + q) * dimension + from, out, at + from, to - from);
    }
  }
}
