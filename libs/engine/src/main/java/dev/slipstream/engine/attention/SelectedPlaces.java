package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.attention.AttentionPlan.Tile;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.PlaceSelection;
import dev.slipstream.engine.runtime.PositionRanges;
import java.util.Arrays;

/**
 * What the rows of a tile look at in one layer, if any row of the batch selects: blocks of places,
 * which are read for all of them, and for each row its positions, which count.
 */
final class SelectedPlaces {
  private final PositionRanges ranges = new PositionRanges();
  private long[] blocks = new long[0];
  private boolean everything = true;
  private int layer;

  /** From now on all blocks are read. */
  void selectAll() {
    everything = true;
  }

  /** From now on only what the rows of this tile look at is. */
  void select(Tile tile, int layer) {
    this.layer = layer;
    everything = false;
    int words = blockOf(tile.reach() - 1) / Long.SIZE + 1;
    if (blocks.length < words) {
      blocks = new long[Math.max(words, 2 * blocks.length)];
    }
    Arrays.fill(blocks, 0, words, 0);
    for (int i = 0; i < tile.size(); i++) {
      if (i == 0 || tile.row(i) != tile.row(i - 1)) {
        ask(tile.batch(), tile.row(i), tile.kvHead());
        for (int range = 0; range < ranges.count(); range++) {
          mark(ranges.from(range), ranges.to(range));
        }
      }
    }
    // Rows of the batch lie anywhere from here on: a place may be behind its position.
    mark(tile.sequence().length(), tile.reach());
  }

  private void ask(Batch batch, int row, int kvHead) {
    int position = batch.position(row);
    PlaceSelection selection = batch.selection(row);
    ranges.clear(position + 1);
    if (selection == null) {
      ranges.add(0, position + 1);
    } else {
      selection.select(layer, kvHead, position, ranges);
      ranges.add(Math.max(position, ranges.end()), position + 1);
    }
  }

  private void mark(int from, int to) {
    if (from < to) {
      for (int block = blockOf(from); block <= blockOf(to - 1); block++) {
        blocks[block / Long.SIZE] |= 1L << block;
      }
    }
  }

  private static int blockOf(int place) {
    return place / BLOCK_TOKENS;
  }

  /** Whether the block of a place is read. */
  boolean reads(int place) {
    int block = blockOf(place);
    return everything || (blocks[block / Long.SIZE] & 1L << block) != 0;
  }

  /**
   * Takes what a row does not look at out of its scores, which are in the order of the text.
   *
   * @param first position that the layer lets it see
   * @param scores {@code scores[start + position]}
   */
  void mask(Batch batch, int row, int kvHead, int first, float[] scores, int start) {
    if (everything) {
      return;
    }
    ask(batch, row, kvHead);
    int at = first;
    for (int range = 0; range < ranges.count(); range++) {
      int from = ranges.from(range);
      if (from > at) {
        Arrays.fill(scores, start + at, start + from, Float.NEGATIVE_INFINITY);
      }
      at = Math.max(at, ranges.to(range));
    }
  }
}
