package dev.slipstream.kv.transport;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The heap that blocks on their way out may take. A call takes its share before it reads anything,
 * as large as the largest block so far, and keeps it until gRPC has no more of its blocks: whoever
 * opens many calls and reads nothing is refused, and the process goes on.
 */
final class SendingMemory {
  private final long capacity;
  private final int blocks;
  private final AtomicLong taken = new AtomicLong();
  private final AtomicInteger largest;

  /**
   * @param capacity bytes in all
   * @param blocks that a call holds at a time
   * @param expected bytes of a block, until one has been seen
   */
  SendingMemory(long capacity, int blocks, int expected) {
    this.capacity = capacity;
    this.blocks = blocks;
    this.largest = new AtomicInteger(expected);
  }

  /** A share in bytes, or 0 if there is none left; one call gets one in any case. */
  long take() {
    long share = (long) blocks * largest.get();
    long before = taken.getAndAdd(share);
    if (before > 0 && before + share > capacity) {
      taken.addAndGet(-share);
      return 0;
    }
    return share;
  }

  void give(long share) {
    taken.addAndGet(-share);
  }

  /** Learns the size of a block. */
  void saw(int bytes) {
    largest.accumulateAndGet(bytes, Math::max);
  }
}
