package dev.slipstream.kv.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A fixed number of off-heap pages of equal size. A block takes as many pages as it needs, wherever
 * they are, so blocks of any mix of sizes never fragment the pool; only a block's last page is
 * partly unused.
 *
 * <p>Memory is taken from the system in extents as it is first needed, and returned as a whole when
 * the pool is closed and the last page has come back, so that a reader never loses the pages under
 * its hands.
 */
final class PagePool {
  static final int PAGE_BYTES = 16 << 10;
  private static final int EXTENT_PAGES = 1024;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] extents;
  private final int capacity;
  private final int[] free;
  private int freeCount;

  /** Pages handed out at least once; those from here on are fresh. */
  private int touched;

  private int used;
  private boolean closed;

  /** Has as many pages as fit into {@code capacityBytes}; at least one must. */
  PagePool(long capacityBytes) {
    long pages = capacityBytes / PAGE_BYTES;
    if (pages < 1 || pages > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "the capacity must be between one page of "
              + PAGE_BYTES
              + " bytes and "
              + (Integer.MAX_VALUE - 8L)
              + " pages, but is "
              + capacityBytes
              + " bytes");
    }
    capacity = (int) pages;
    free = new int[capacity];
    extents = new MemorySegment[Math.ceilDiv(capacity, EXTENT_PAGES)];
  }

  int capacity() {
    return capacity;
  }

  synchronized int used() {
    return used;
  }

  /** Reserves pages; nothing if there are fewer left or the pool is closed. */
  synchronized Optional<int[]> allocate(int count) {
    if (closed || count > capacity - used) {
      return Optional.empty();
    }
    int[] pages = new int[count];
    for (int i = 0; i < count; i++) {
      pages[i] = freeCount > 0 ? free[--freeCount] : fresh();
    }
    used += count;
    return Optional.of(pages);
  }

  private int fresh() {
    int extent = touched / EXTENT_PAGES;
    if (extents[extent] == null) {
      int pages = Math.min(EXTENT_PAGES, capacity - extent * EXTENT_PAGES);
      extents[extent] = arena.allocate((long) pages * PAGE_BYTES, Long.BYTES);
    }
    return touched++;
  }

  synchronized void release(int[] pages) {
    System.arraycopy(pages, 0, free, freeCount, pages.length);
    freeCount += pages.length;
    used -= pages.length;
    closeIfIdle();
  }

  /** The bytes of a page that is reserved. */
  MemorySegment page(int page) {
    long offset = (long) (page % EXTENT_PAGES) * PAGE_BYTES;
    return extents[page / EXTENT_PAGES].asSlice(offset, PAGE_BYTES);
  }

  synchronized void close() {
    closed = true;
    closeIfIdle();
  }

  /** Whether the memory is back with the system. */
  boolean isFreed() {
    return !arena.scope().isAlive();
  }

  private void closeIfIdle() {
    if (closed && used == 0 && arena.scope().isAlive()) {
      arena.close();
    }
  }
}
