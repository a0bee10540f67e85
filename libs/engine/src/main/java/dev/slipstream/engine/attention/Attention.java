package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.runtime.Batch;
import java.lang.foreign.MemorySegment;

/**
 * Grouped-query attention of a ragged batch over paged KV.
 *
 * <p>A row sees the committed tokens of its sequence and its own ancestors, in the order of the
 * text, or the last of them where layers have a window. Its result has the same bits whether the
 * ancestors are committed, in the same chunk or on a branch of a tree, because every sum runs over
 * the text in that order.
 */
public final class Attention {
  private final KvLayout layout;
  private final int heads;

  /**
   * @param heads query heads; a multiple of the key/value heads of every slot
   */
  public Attention(KvLayout layout, int heads) {
    this.layout = layout;
    this.heads = heads;
  }

  /** The number of a layer's KV slot. */
  public int slot(int layer) {
    return layout.slotOfLayer(layer);
  }

  /**
   * A division of the work of one kind of layers among so many workers, to be planned anew for each
   * pass.
   *
   * @param kvHeads of the slots of these layers
   * @param scale factor on query-key products
   * @param window tokens that a token looks at, itself included
   */
  public AttentionPlan plan(int kvHeads, float scale, int window, int workers) {
    return plan(kvHeads, scale, window, workers, AttentionPlan.SHARED_TOKENS);
  }

  AttentionPlan plan(int kvHeads, float scale, int window, int workers, int sharedTokens) {
    return new AttentionPlan(kvHeads, heads / kvHeads, scale, window, workers, sharedTokens);
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
    long block = sequence.blockOffset(place);
    KvSlot to = layout.slot(slot);
    return to.keys().store(memory, block + to.keyOffset(kvHead), token, keys, k)
        & to.values().store(memory, block + to.valueOffset(kvHead), token, values, v);
  }
}
