package dev.slipstream.target.transport;

import dev.slipstream.engine.cache.BlockKey;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keys whose blocks were of no use, and are not asked for until some time has passed. */
final class RefusedKeys {
  /** The oldest go first. Who fills this has to make a target refuse so many blocks. */
  private static final int MOST = 1 << 16;

  private final long period;
  private final Map<BlockKey, Long> since = new LinkedHashMap<>();

  RefusedKeys(Duration period) {
    this.period = period.toNanos();
  }

  synchronized void add(BlockKey key) {
    since.remove(key);
    since.put(key, System.nanoTime());
    if (since.size() > MOST) {
      since.remove(since.keySet().iterator().next());
    }
  }

  /** How many leading keys of a chain may be asked for. */
  synchronized int leading(List<BlockKey> keys) {
    int leading = 0;
    while (leading < keys.size() && !isRefused(keys.get(leading))) {
      leading++;
    }
    return leading;
  }

  private boolean isRefused(BlockKey key) {
    Long at = since.get(key);
    if (at != null && System.nanoTime() - at >= period) {
      since.remove(key);
      return false;
    }
    return at != null;
  }
}
