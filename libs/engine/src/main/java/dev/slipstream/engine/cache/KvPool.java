package dev.slipstream.engine.cache;

import dev.slipstream.engine.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.IntPredicate;

/**
 * A fixed number of reference-counted KV blocks in one off-heap arena. Not thread-safe: it belongs
 * to the decode loop.
 *
 * <p>A block whose count falls to zero goes back to the free list, unless the {@link Retention}
 * wants to keep its content for later prompts; retained blocks are taken back one by one when the
 * free list is empty.
 */
public final class KvPool implements AutoCloseable {

  /** Decides about blocks that no sequence uses. */
  public interface Retention {
    /** Whether to keep the content of this block, which no sequence uses any more. */
    boolean retain(int block);

    /** Gives up one retained block and returns it, or returns -1 if there is none. */
    int evict();

    /** How many blocks {@link #evict} could give up. */
    int retained();
  }

  private static final Retention NOTHING =
      new Retention() {
        @Override
        public boolean retain(int block) {
          return false;
        }

        @Override
        public int evict() {
          return -1;
        }

        @Override
        public int retained() {
          return 0;
        }
      };

  private final KvLayout layout;
  private final long blockBytes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final int[] references;
  private final ArrayDeque<Integer> free;
  private Retention retention = NOTHING;

  /**
   * @param blocks number of blocks, at least 1
   */
  public KvPool(KvLayout layout, int blocks) {
    if (blocks < 1) {
      throw new IllegalArgumentException("a KV pool needs at least one block, not " + blocks);
    }
    this.layout = layout;
    this.blockBytes = layout.blockBytes();
    // Written to now: a machine without this much memory is to say so at the start.
    this.memory = HugePages.allocate(Math.multiplyExact(blocks, blockBytes), arena).fill((byte) 0);
    this.references = new int[blocks];
    this.free = new ArrayDeque<>(blocks);
    for (int i = 0; i < blocks; i++) {
      free.add(i);
    }
  }

  public void retainWith(Retention retention) {
    this.retention = Objects.requireNonNull(retention);
  }

  public KvLayout layout() {
    return layout;
  }

  public int totalBlocks() {
    return references.length;
  }

  /** Blocks that a sequence could get now: free ones and retained ones. */
  public int availableBlocks() {
    return free.size() + retention.retained();
  }

  /** Blocks that sequences use. */
  public int usedBlocks() {
    return totalBlocks() - availableBlocks();
  }

  public KvSequence newSequence() {
    return new KvSequence(this);
  }

  /** All blocks; see {@link #offset}. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where a block starts in the memory of all of them, in bytes. */
  public long offset(int block) {
    return block * blockBytes;
  }

  /** The bytes of one block. */
  public MemorySegment block(int block) {
    return memory.asSlice(offset(block), blockBytes);
  }

  /** Takes a block with one reference, or returns -1 if all are in use. */
  public int allocate() {
    Integer block = free.poll();
    if (block == null) {
      int evicted = retention.evict();
      if (evicted < 0) {
        return -1;
      }
      block = evicted;
    }
    references[block] = 1;
    return block;
  }

  /** Adds a reference to a block that is in use or retained. */
  public void share(int block) {
    references[block]++;
  }

  /** Drops a reference. */
  public void release(int block) {
    if (references[block] <= 0) {
      throw new IllegalStateException(
          "block " + block + " was released more often than it was taken");
    }
    if (--references[block] == 0 && !retention.retain(block)) {
      free.add(block);
    }
  }

  boolean isShared(int block) {
    return references[block] > 1;
  }

  public int references(int block) {
    return references[block];
  }

  /**
   * Hands a block that retention gave up outside of {@link Retention#evict} back to the free list.
   */
  public void reclaim(int block) {
    if (references[block] != 0) {
      throw new IllegalStateException("block " + block + " is in use");
    }
    free.add(block);
  }

  /** Copies the first tokens of one block to another. */
  void copy(int from, int to) {
    MemorySegment.copy(block(from), 0, block(to), 0, blockBytes);
  }

  /** Whether every block satisfies a condition; for tests and diagnosis. */
  public boolean allBlocks(IntPredicate condition) {
    for (int i = 0; i < references.length; i++) {
      if (!condition.test(i)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    arena.close();
  }
}
