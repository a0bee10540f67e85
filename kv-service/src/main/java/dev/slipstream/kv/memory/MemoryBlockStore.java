package dev.slipstream.kv.memory;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.BlockStore;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoreOutcome;
import dev.slipstream.kv.storage.StoreUsage;
import dev.slipstream.kv.storage.StoredBlock;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Blocks in off-heap memory of this process.
 *
 * <p>Eviction is W-TinyLFU (Einziger, Friedman, Manes: arXiv 1512.00727), by Caffeine: a new block
 * enters a small recency window, and when it leaves the window it stays only if a sketch of past
 * uses says that it is used more often than the block it would displace. So a burst of prompts that
 * never come back cannot wash out a system prompt that everybody uses. The weight of a block is the
 * bytes of its pages. As a match counts as a use of the leading keys only, a block is never used
 * more often than the one before it in its chain, and a block whose parent is gone gets no further
 * uses and goes soon.
 *
 * <p>Keys are hashes of content, so a block never changes and an entry is never replaced. Tenants
 * share the capacity, and with it the pressure to evict, but no blocks.
 *
 * <p>One store at a time: Caffeine evicts only after an insertion, so that room for the next block
 * must be free before. The room kept free is that of the largest block seen, and the writers' lock
 * makes it one block rather than one per thread. Readers take no lock.
 */
public final class MemoryBlockStore implements BlockStore {
  /**
   * Uses are counted from the first block on if the sketch's size is known, else from half full.
   */
  private static final int EXPECTED_BLOCKS = 4096;

  private final PagePool pool;
  private final Cache<BlockId, OffHeapBlock> cache;
  private final Policy.Eviction<BlockId, OffHeapBlock> eviction;
  private final ReentrantLock writing = new ReentrantLock();
  private final LongAdder evictions = new LongAdder();
  private int roomKept;

  /**
   * @param capacityBytes bytes that blocks may take at most, at least 16 KB; the memory is taken as
   *     it is first needed and given back on close
   */
  @SuppressWarnings("NullAway") // Values that are held strongly are there when they are removed.
  public MemoryBlockStore(long capacityBytes) {
    pool = new PagePool(capacityBytes);
    cache =
        Caffeine.newBuilder()
            .initialCapacity(Math.min(pool.capacity(), EXPECTED_BLOCKS))
            .maximumWeight(bytes(pool.capacity()))
            .<BlockId, OffHeapBlock>weigher((id, block) -> block.weight())
            .removalListener((id, block, cause) -> removed(block, cause))
            // Evict in the storing thread: pages must be free when put returns, not some time
            // later.
            .executor(Runnable::run)
            .build();
    eviction = cache.policy().eviction().orElseThrow();
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public int match(String tenant, List<ContentKey> keys) {
    int matched = 0;
    for (ContentKey key : keys) {
      if (cache.getIfPresent(new BlockId(tenant, key)) == null) {
        break;
      }
      matched++;
    }
    return matched;
  }

  @Override
  public Optional<StoredBlock> get(BlockId id) {
    OffHeapBlock block = cache.getIfPresent(id);
    if (block == null || !block.retain()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new StoredBlock(block.copy(), block.crc32c()));
    } finally {
      block.release();
    }
  }

  @Override
  public StoreOutcome put(BlockId id, ByteBuffer data, int crc32c) {
    writing.lock();
    try {
      if (cache.getIfPresent(id) != null) {
        return StoreOutcome.PRESENT;
      }
      int pages = OffHeapBlock.pagesFor(data.remaining());
      if (pages > pool.capacity() / 2) {
        return StoreOutcome.DECLINED;
      }
      keepRoomFor(pages);
      Optional<OffHeapBlock> block = OffHeapBlock.write(pool, data, crc32c);
      if (block.isEmpty()) {
        return StoreOutcome.DECLINED;
      }
      cache.put(id, block.get());
      cache.cleanUp();
      return cache.asMap().containsKey(id) ? StoreOutcome.STORED : StoreOutcome.DECLINED;
    } finally {
      writing.unlock();
    }
  }

  @Override
  public boolean remove(BlockId id, Predicate<byte[]> condition) {
    OffHeapBlock block = cache.getIfPresent(id);
    if (block == null || !block.retain()) {
      return false;
    }
    try {
      // The very block that was looked at: another one may have come under the key.
      return condition.test(block.copy()) && cache.asMap().remove(id, block);
    } finally {
      block.release();
    }
  }

  private void keepRoomFor(int pages) {
    if (pages > roomKept) {
      roomKept = pages;
      eviction.setMaximum(bytes(pool.capacity() - pages));
      cache.cleanUp();
    }
  }

  private void removed(OffHeapBlock block, RemovalCause cause) {
    if (cause.wasEvicted()) {
      evictions.increment();
    }
    block.release();
  }

  @Override
  public Optional<StoreUsage> usage() {
    return Optional.of(
        new StoreUsage(
            cache.estimatedSize(), bytes(pool.used()), bytes(pool.capacity()), evictions.sum()));
  }

  @Override
  public void close() {
    writing.lock();
    try {
      pool.close();
      cache.invalidateAll();
      cache.cleanUp();
    } finally {
      writing.unlock();
    }
  }

  /** Whether all memory is back with the system: closed, and no reader at work. */
  boolean isFreed() {
    return pool.isFreed();
  }

  private static long bytes(int pages) {
    return (long) pages * PagePool.PAGE_BYTES;
  }
}
