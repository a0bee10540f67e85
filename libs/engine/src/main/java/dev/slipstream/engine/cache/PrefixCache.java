package dev.slipstream.engine.cache;

import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/**
 * Keeps full blocks of a {@link KvPool} findable by content: while a sequence uses them, and
 * afterwards until the pool needs the memory. Blocks in use are never given up; of the others, the
 * least recently used goes first. A sequence gives its blocks back from the last to the first, so
 * the end of a text goes before its beginning, which more texts share.
 *
 * <p>Not thread-safe, like its pool.
 */
public final class PrefixCache implements KvPool.Retention {
  private final KvPool pool;
  private final Map<BlockKey, Integer> blocks = new HashMap<>();
  private final BlockKey[] keys;
  private final BitSet foreign = new BitSet();
  private final SequencedSet<Integer> unused = new LinkedHashSet<>();

  /** Becomes the retention of this pool. */
  public PrefixCache(KvPool pool) {
    this.pool = pool;
    this.keys = new BlockKey[pool.totalBlocks()];
    pool.retainWith(this);
  }

  /**
   * Makes a full block findable. From now on nobody may write to it.
   *
   * @param fetched whether it was computed elsewhere
   * @return false if a block with this content is known already; then nothing has changed
   */
  public boolean register(BlockKey key, int block, boolean fetched) {
    if (keys[block] != null || blocks.putIfAbsent(key, block) != null) {
      return false;
    }
    keys[block] = key;
    foreign.set(block, fetched);
    return true;
  }

  /**
   * Appends the blocks under the first of these keys, as far as there are any, to a sequence that
   * stands at a block boundary.
   *
   * @return how many
   */
  public int adopt(KvSequence sequence, List<BlockKey> wanted) {
    int adopted = 0;
    for (BlockKey key : wanted) {
      Integer block = blocks.get(key);
      if (block == null) {
        break;
      }
      sequence.adopt(block);
      unused.remove(block);
      adopted++;
    }
    return adopted;
  }

  /** The first block of a sequence that was found here but computed elsewhere, or -1. */
  public int firstForeign(KvSequence sequence) {
    for (int i = 0; i < sequence.blockCount(); i++) {
      if (keys[sequence.block(i)] != null && foreign.get(sequence.block(i))) {
        return i;
      }
    }
    return -1;
  }

  /** No longer finds a block; whoever uses it keeps it. */
  public void drop(BlockKey key) {
    Integer block = blocks.get(key);
    if (block != null) {
      forget(block);
      if (unused.remove(block)) {
        pool.reclaim(block);
      }
    }
  }

  /** How many blocks are findable, in use or not. */
  public int size() {
    return blocks.size();
  }

  @Override
  public boolean retain(int block) {
    return keys[block] != null && unused.add(block);
  }

  @Override
  public int evict() {
    if (unused.isEmpty()) {
      return -1;
    }
    int block = unused.removeFirst();
    forget(block);
    return block;
  }

  @Override
  public int retained() {
    return unused.size();
  }

  /** Gives all blocks that no sequence uses back to the pool. */
  public void clear() {
    while (!unused.isEmpty()) {
      pool.reclaim(evict());
    }
  }

  private void forget(int block) {
    blocks.remove(keys[block]);
    keys[block] = null;
  }
}
