package dev.slipstream.kv.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A block's bytes in pages, with a reference count: the cache holds one reference and each reader
 * one while it copies. The pages go back with the last reference, so eviction never pulls them away
 * from a reader, and a page is never rewritten while somebody reads it.
 */
final class OffHeapBlock {
  private final PagePool pool;
  private final int[] pages;
  private final int size;
  private final int crc32c;
  private final AtomicInteger references = new AtomicInteger(1);

  private OffHeapBlock(PagePool pool, int[] pages, int size, int crc32c) {
    this.pool = pool;
    this.pages = pages;
    this.size = size;
    this.crc32c = crc32c;
  }

  static int pagesFor(int bytes) {
    return Math.ceilDiv(bytes, PagePool.PAGE_BYTES);
  }

  /**
   * Copies the bytes into the pool; nothing if it is full. The caller holds the first reference.
   */
  static Optional<OffHeapBlock> write(PagePool pool, ByteBuffer data, int crc32c) {
    int size = data.remaining();
    return pool.allocate(pagesFor(size))
        .map(
            pages -> {
              MemorySegment from = MemorySegment.ofBuffer(data);
              for (int i = 0, at = 0; i < pages.length; i++, at += PagePool.PAGE_BYTES) {
                int bytes = Math.min(PagePool.PAGE_BYTES, size - at);
                MemorySegment.copy(from, at, pool.page(pages[i]), 0, bytes);
              }
              return new OffHeapBlock(pool, pages, size, crc32c);
            });
  }

  /** Takes a reference; false if the block is gone already. */
  boolean retain() {
    for (int count = references.get(); count > 0; count = references.get()) {
      if (references.compareAndSet(count, count + 1)) {
        return true;
      }
    }
    return false;
  }

  void release() {
    if (references.decrementAndGet() == 0) {
      pool.release(pages);
    }
  }

  /** Bytes it takes in the pool. */
  int weight() {
    return pages.length * PagePool.PAGE_BYTES;
  }

  int crc32c() {
    return crc32c;
  }

  /** The bytes; the caller holds a reference. */
  byte[] copy() {
    byte[] bytes = new byte[size];
    for (int i = 0, at = 0; i < pages.length; i++, at += PagePool.PAGE_BYTES) {
      int count = Math.min(PagePool.PAGE_BYTES, size - at);
      MemorySegment.copy(pool.page(pages[i]), JAVA_BYTE, 0, bytes, at, count);
    }
    return bytes;
  }
}
