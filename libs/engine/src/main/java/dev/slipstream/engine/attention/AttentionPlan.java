package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KvEncoding;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The attention of a pass in tiles, which are the same for all layers of one kind. Either each
 * worker computes whole tiles, which takes no meeting, or all of them compute all tiles together:
 * passes of few rows over a long text have few tiles, which cannot be divided evenly, and several
 * tiles that read the same keys and values. Where rows select, each tile is read in its own way.
 *
 * <p>Results do not depend on the division.
 */
public final class AttentionPlan {
  /** Below this many tokens two more barriers cost more than an uneven division. */
  static final int SHARED_TOKENS = 128;

  /** With more rows there are tiles enough. */
  private static final int SHARED_ROWS = 32;

  /** Most scores of a pass. */
  private static final long SHARED_SCORES = 1 << 22;

  private final int kvHeads;
  private final int group;
  private final float scale;
  private final Window window;
  private final int workers;
  private final int sharedTokens;
  private final List<Tile> tiles = new ArrayList<>();
  private final List<Text> texts = new ArrayList<>();
  private int tileCount;
  private int textCount;
  private long units;
  private int longest;
  private boolean shared;
  private float[] scores = new float[0];
  private int stride;

  /**
   * @param scale factor on query-key products
   * @param window what the layers let a row see
   * @param sharedTokens length from which on workers may share a text; {@link #SHARED_TOKENS}
   */
  AttentionPlan(int kvHeads, int group, float scale, Window window, int workers, int sharedTokens) {
    this.kvHeads = kvHeads;
    this.group = group;
    this.scale = scale;
    this.window = window;
    this.workers = workers;
    this.sharedTokens = sharedTokens;
  }

  /**
   * Up to {@link KvEncoding#QUERIES} neighbouring (row, query head) pairs that share a sequence and
   * a key/value head.
   */
  static final class Tile {
    @SuppressWarnings("NullAway.Init") // Tiles are kept, and set anew for each pass.
    private Batch batch;

    private int firstRow;
    private int group;
    private int kvHead;
    private int first;
    private int size;
    private int start;

    Batch batch() {
      return batch;
    }

    KvSequence sequence() {
      return batch.sequence(firstRow);
    }

    int kvHead() {
      return kvHead;
    }

    int size() {
      return size;
    }

    int row(int i) {
      return firstRow + (first + i) / group;
    }

    int head(int i) {
      return kvHead * group + (first + i) % group;
    }

    /** First place, at the start of a block, that one of the rows may see. */
    int start() {
      return start;
    }

    /** End (exclusive) of the places that one of the rows may see. */
    int reach() {
      return batch.place(row(size - 1)) + 1;
    }
  }

  /**
   * The tiles of one sequence. Its units of shared work are pairs of a KV block and a head, in the
   * order of their keys in memory.
   */
  static final class Text {
    private int firstTile;
    private int headTiles;
    private long firstUnit;
    private int start;
    private int reach;

    /** First tile of a head; those of all heads follow each other. */
    int firstTile(int kvHead) {
      return firstTile + kvHead * headTiles;
    }

    /** Tiles per head. */
    int headTiles() {
      return headTiles;
    }

    /** Number of its first unit, counted over all texts. */
    int firstUnit() {
      return Math.toIntExact(firstUnit);
    }

    /** First place, at the start of a block, that one of the rows may see. */
    int start() {
      return start;
    }

    /** End (exclusive) of the places that one of the rows may see. */
    int reach() {
      return reach;
    }

    /** Blocks from the first to the last place. */
    int blocks() {
      return blocksOf(reach - start);
    }
  }

  /** Divides the work of a pass. Not for several threads; workers may only read meanwhile. */
  public void divide(Batch batch) {
    tileCount = 0;
    textCount = 0;
    units = 0;
    longest = 0;
    boolean several = false;
    for (int from = 0, to; from < batch.rows(); from = to) {
      to = from + 1;
      while (to < batch.rows() && batch.sequence(to) == batch.sequence(from)) {
        to++;
      }
      Text text = add(batch, from, to);
      several |= text.headTiles > 1;
    }
    shared =
        (several || tileCount % workers != 0)
            && !batch.isSelective()
            && batch.rows() <= SHARED_ROWS
            && longest >= sharedTokens
            && tileCount * tileScores() <= SHARED_SCORES;
    if (shared) {
      reserve();
    }
  }

  private Text add(Batch batch, int from, int to) {
    int pairs = (to - from) * group;
    Text text = next(texts, textCount++, Text::new);
    text.firstTile = tileCount;
    text.headTiles = Math.ceilDiv(pairs, QUERIES);
    text.firstUnit = units;
    text.start = Integer.MAX_VALUE;
    text.reach = batch.place(to - 1) + 1;
    for (int i = 0; i < kvHeads * text.headTiles; i++) {
      Tile tile = next(tiles, tileCount++, Tile::new);
      tile.batch = batch;
      tile.firstRow = from;
      tile.group = group;
      tile.kvHead = i / text.headTiles;
      tile.first = i % text.headTiles * QUERIES;
      tile.size = Math.min(QUERIES, pairs - tile.first);
      tile.start = start(tile);
      text.start = Math.min(text.start, tile.start);
    }
    units += (long) kvHeads * text.blocks();
    longest = Math.max(longest, text.reach);
    return text;
  }

  /** As no place precedes its position, none before the first position is seen. */
  private int start(Tile tile) {
    int start = Integer.MAX_VALUE;
    for (int i = 0; i < tile.size; i++) {
      start = Math.min(start, firstSeen(tile.batch.position(tile.row(i))));
    }
    return start & -BLOCK_TOKENS;
  }

  /** First position that a row at this one looks at. */
  int firstSeen(int position) {
    return window.first(position);
  }

  float scale() {
    return scale;
  }

  private static <T> T next(List<T> items, int index, Supplier<T> supplier) {
    if (index == items.size()) {
      items.add(supplier.get());
    }
    return items.get(index);
  }

  private static int blocksOf(int tokens) {
    return Math.ceilDiv(tokens, BLOCK_TOKENS);
  }

  private long tileScores() {
    return (long) QUERIES * blocksOf(longest) * BLOCK_TOKENS;
  }

  private void reserve() {
    stride = blocksOf(longest) * BLOCK_TOKENS;
    int needed = Math.toIntExact(tileCount * tileScores());
    if (scores.length < needed) {
      scores = new float[Math.max(needed, 2 * scores.length)];
    }
  }

  /** Whether all workers compute all tiles together. */
  boolean isShared() {
    return shared;
  }

  int tiles() {
    return tileCount;
  }

  Tile tile(int index) {
    return tiles.get(index);
  }

  int texts() {
    return textCount;
  }

  Text text(int index) {
    return texts.get(index);
  }

  /** Units of all texts. */
  int units() {
    return Math.toIntExact(units);
  }

  /** Scores of all tiles: {@code scores[(tile * QUERIES + i) * stride + place]}. */
  float[] scores() {
    return scores;
  }

  int stride() {
    return stride;
  }
}
