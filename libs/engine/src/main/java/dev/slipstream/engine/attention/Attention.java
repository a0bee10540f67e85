package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Grouped-query attention of a ragged batch over paged KV.
 *
 * <p>A row sees the committed tokens of its sequence and its own ancestors, in the order of the
 * text, or the last of them where layers have a window. Its result has the same bits whether the
 * ancestors are committed, in the same chunk or on a branch of a tree, because every sum runs over
 * the text in that order.
 */
public final class Attention {
  /** Vectors below this are stored as zeros; the inverse of a smaller one would overflow. */
  private static final float SMALLEST = 1e-30f;

  /** The largest scaled element, with room for the rounding of the inverse. */
  private static final float LARGEST = Short.MAX_VALUE + 0.4f;

  private final KvLayout layout;
  private final long blockBytes;
  private final int group;

  /**
   * @param heads query heads; a multiple of the layout's key/value heads
   */
  public Attention(KvLayout layout, int heads) {
    this.layout = layout;
    this.blockBytes = layout.blockBytes();
    this.group = heads / layout.kvHeads();
  }

  /** The KV slot of a layer. */
  public int slot(int layer) {
    return layout.slot(layer);
  }

  /**
   * A division of the work of one kind of layers among so many workers, to be planned anew for each
   * pass.
   *
   * @param scale factor on query-key products
   * @param window tokens that a token looks at, itself included
   */
  public AttentionPlan plan(float scale, int window, int workers) {
    return plan(scale, window, workers, AttentionPlan.SHARED_TOKENS);
  }

  AttentionPlan plan(float scale, int window, int workers, int sharedTokens) {
    return new AttentionPlan(
        layout.kvHeads(), group, scale, new Window(window), workers, sharedTokens);
  }

  /** Memory and program of one worker. */
  public AttentionWorker worker() {
    return new AttentionWorker(layout);
  }

  /**
   * Writes keys and values of one head of one row to their place. What is not finite is stored as
   * 0, so that a broken row cannot reach other sequences through reused blocks.
   *
   * @return whether all was finite, and what is stored is what was computed
   */
  public boolean store(
      Batch batch, int row, int slot, int kvHead, float[] keys, int k, float[] values, int v) {
    KvSequence sequence = batch.sequence(row);
    MemorySegment memory = sequence.pool().memory();
    int place = batch.place(row);
    int token = place % BLOCK_TOKENS;
    int dimension = layout.headDimension();
    long block = sequence.block(place / BLOCK_TOKENS) * blockBytes;
    return store(memory, block + layout.keyOffset(slot, kvHead), token, 1, BLOCK_TOKENS, keys, k)
        & store(memory, block + layout.valueOffset(slot, kvHead), token, dimension, 1, values, v);
  }

  /** Rounds one vector to integers; element d goes to {@code token * tokenStep + d * step}. */
  private boolean store(
      MemorySegment memory, long plane, int token, int tokenStep, int step, float[] x, int from) {
    int dimension = layout.headDimension();
    float max = 0;
    boolean finite = true;
    for (int d = 0; d < dimension; d++) {
      float size = Math.abs(x[from + d]);
      finite &= size <= Float.MAX_VALUE;
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
    return finite;
  }
}
