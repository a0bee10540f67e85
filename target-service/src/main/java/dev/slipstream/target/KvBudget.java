package dev.slipstream.target;

import com.sun.management.OperatingSystemMXBean;
import dev.slipstream.engine.cache.KvLayout;
import java.lang.management.ManagementFactory;

/** Turns the configured memory into a number of KV blocks. */
final class KvBudget {
  private KvBudget() {}

  /**
   * @param contextLength most tokens of a sequence
   * @throws IllegalArgumentException if the memory does not hold a single block
   */
  static int blocks(BatchProperties properties, KvLayout layout, int contextLength) {
    Double fraction = properties.kvCache().memoryFraction();
    long bytes =
        fraction == null
            ? properties.kvCache().size().toBytes()
            : (long) (fraction * totalMemory());
    long affordable = bytes / layout.blockBytes();
    long usable =
        (long) properties.maxRunning() * Math.ceilDiv(contextLength, KvLayout.BLOCK_TOKENS);
    if (affordable < 1) {
      throw new IllegalArgumentException(
          "a KV cache of %d bytes does not hold one block of %d bytes; raise"
                  .formatted(bytes, layout.blockBytes())
              + " slipstream.target.kv-cache.size");
    }
    return (int) Math.min(Integer.MAX_VALUE, Math.min(affordable, usable));
  }

  /** Threads that compute. */
  static int threads(TargetProperties properties) {
    return properties.threads() == 0
        ? Runtime.getRuntime().availableProcessors()
        : properties.threads();
  }

  /** Of the machine, or of the container if it has a limit. */
  private static long totalMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
