package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

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

  /** Where the block of a place starts in the pool's memory, in bytes. */
  public long blockOffset(int place) {
    return pool.offset(block(place / BLOCK_TOKENS));
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
    long source = blockOffset(from);
    long target = blockOffset(to);
    int token = from % BLOCK_TOKENS;
    for (int slot = 0; slot < layout.slots(); slot++) {
      layout.slot(slot).move(pool.memory(), source, token, target, to % BLOCK_TOKENS);
    }
  }

  private static int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, BLOCK_TOKENS);
  }
}
