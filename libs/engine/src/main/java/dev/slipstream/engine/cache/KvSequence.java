package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The KV of one sequence: a table of blocks, of which the first {@link #length()} token places are
 * committed. A forward pass writes its rows to the places behind them; {@link #commit} or {@link
 * #commitPath} then decides which of those stay.
 *
 * <p>Not thread-safe, like its pool.
 */
public final class KvSequence implements AutoCloseable {
  private final KvPool pool;
  private int[] blocks = new int[8];
  private int blockCount;
  private int length;

  KvSequence(KvPool pool) {
    this.pool = pool;
  }

  public KvPool pool() {
    return pool;
  }

  /** Committed tokens. */
  public int length() {
    return length;
  }

  public int blockCount() {
    return blockCount;
  }

  /** The pool's number of the i-th block. */
  public int block(int i) {
    if (i < 0 || i >= blockCount) {
      throw new IndexOutOfBoundsException("block " + i + " of " + blockCount);
    }
    return blocks[i];
  }

  /**
   * Makes room for rows behind the committed ones. On false the pool has run out and nothing has
   * changed. Blocks that another sequence shares are copied before they are written to.
   */
  public boolean reserve(int rows) {
    int needed = blocksFor(Math.addExact(length, rows));
    boolean copyLast =
        length % BLOCK_TOKENS != 0 && rows > 0 && pool.isShared(blocks[length / BLOCK_TOKENS]);
    int missing = Math.max(0, needed - blockCount) + (copyLast ? 1 : 0);
    if (missing > pool.availableBlocks()) {
      return false;
    }
    if (copyLast) {
      int index = length / BLOCK_TOKENS;
      int copy = pool.allocate();
      pool.copy(blocks[index], copy);
      pool.release(blocks[index]);
      blocks[index] = copy;
    }
    while (blockCount < needed) {
      append(pool.allocate());
    }
    return true;
  }

  /** The first rows written behind the committed ones become committed. */
  public void commit(int rows) {
    if (blocksFor(length + rows) > blockCount) {
      throw new IllegalStateException("commit of " + rows + " rows that were not reserved");
    }
    length += rows;
  }

  /**
   * The rows at these offsets behind the committed ones, in ascending order, become committed and
   * move together; all others are dropped.
   */
  public void commitPath(int[] offsets, int count) {
    for (int i = 0; i < count; i++) {
      if (offsets[i] != i) {
        move(length + offsets[i], length + i);
      }
    }
    commit(count);
  }

  /** Appends a full block that another sequence or a cache holds; only at a block boundary. */
  public void adopt(int block) {
    if (length != blockCount * BLOCK_TOKENS) {
      throw new IllegalStateException("blocks can be shared only at a block boundary");
    }
    pool.share(block);
    append(block);
    length += BLOCK_TOKENS;
  }

  /** Drops committed tokens behind this length, and every block that is then not needed. */
  public void truncate(int newLength) {
    if (newLength > length) {
      throw new IllegalArgumentException("cannot truncate " + length + " tokens to " + newLength);
    }
    length = newLength;
    trim();
  }

  /** Gives blocks back that hold no committed token. */
  public void trim() {
    int needed = blocksFor(length);
    while (blockCount > needed) {
      pool.release(blocks[--blockCount]);
    }
  }

  /** A second sequence with the same content, sharing all blocks until one of the two writes. */
  public KvSequence fork() {
    KvSequence copy = new KvSequence(pool);
    for (int i = 0; i < blocksFor(length); i++) {
      pool.share(blocks[i]);
      copy.append(blocks[i]);
    }
    copy.length = length;
    return copy;
  }

  /** Gives all blocks back; may be called twice. */
  @Override
  public void close() {
    length = 0;
    trim();
  }

  private void append(int block) {
    if (blockCount == blocks.length) {
      blocks = Arrays.copyOf(blocks, blockCount * 2);
    }
    blocks[blockCount++] = block;
  }

  private void move(int from, int to) {
    KvLayout layout = pool.layout();
    MemorySegment source = pool.block(blocks[from / BLOCK_TOKENS]);
    MemorySegment target = pool.block(blocks[to / BLOCK_TOKENS]);
    int a = from % BLOCK_TOKENS;
    int b = to % BLOCK_TOKENS;
    for (int slot = 0; slot < layout.slots(); slot++) {
      for (int head = 0; head < layout.kvHeads(); head++) {
        int keys = layout.keyOffset(slot, head);
        for (int d = 0; d < layout.headDimension(); d++) {
          int row = keys + d * BLOCK_TOKENS * Short.BYTES;
          short key = source.get(ValueLayout.JAVA_SHORT, row + a * Short.BYTES);
          target.set(ValueLayout.JAVA_SHORT, row + b * Short.BYTES, key);
        }
        int values = layout.valueOffset(slot, head);
        int bytes = layout.headDimension() * Short.BYTES;
        MemorySegment.copy(source, values + a * bytes, target, values + b * bytes, bytes);
        for (int scales : new int[] {keys + layout.scalesAfter(), values + layout.scalesAfter()}) {
          float scale = source.get(ValueLayout.JAVA_FLOAT, scales + a * Float.BYTES);
          target.set(ValueLayout.JAVA_FLOAT, scales + b * Float.BYTES, scale);
        }
      }
    }
  }

  private static int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, BLOCK_TOKENS);
  }
}
