package dev.slipstream.gateway.access;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Bounds the bytes of requests that the gateway holds at a time, each from its first byte to the
 * end of its answer. They are shared by dynamic thresholds (Choudhury and Hahne, IEEE/ACM
 * Transactions on Networking 6(2), 1998): nobody may hold more than is left free. Alone, an owner
 * gets half; n greedy ones get 1/(n+1) each, and as much is free for whoever comes next; where
 * large requests are refused, small ones still find room. Thread-safe.
 */
public final class ByteBudget {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final double MEGABYTE = 1 << 20;

  private final long capacity;
  private final Map<Owner, Long> owners = new HashMap<>();
  private long held;
  private long refused;

  /**
   * @param capacity in bytes; a single request may have half of it
   */
  public ByteBudget(long capacity) {
    this.capacity = capacity;
  }

  public long capacity() {
    return capacity;
  }

  /** Bytes held now. */
  public synchronized long held() {
    return held;
  }

  /** Requests refused so far. */
  public synchronized long refused() {
    return refused;
  }

  /** The bytes of one request; none to begin with. */
  public Reservation open(Owner owner) {
    return new Reservation(owner);
  }

  /**
   * @param request bytes that the request has already
   */
  private synchronized void take(Owner owner, long request, long more) {
    long own = owners.getOrDefault(owner, 0L);
    long free = capacity - held - more;
    if (own + more > free) {
      refused++;
      long others = own - request;
      throw request + more <= free + others ? enough(owner, others) : full();
    }
    held += more;
    owners.merge(owner, more, Long::sum);
  }

  private static ApiException enough(Owner owner, long others) {
    return new ApiException(
        new ApiError.Busy(
            "Other requests of this %s hold %.1f MB already, and it may hold no more than is left for everybody else. Wait for one to end."
                .formatted(owner.kind(), others / MEGABYTE),
            RETRY_AFTER));
  }

  private static ApiException full() {
    return new ApiException(
        new ApiError.Overloaded(
            "The requests under way leave no room for one of this size. Try again in a moment.",
            RETRY_AFTER));
  }

  private synchronized void give(Owner owner, long bytes) {
    held -= bytes;
    owners.computeIfPresent(owner, (key, own) -> own == bytes ? null : own - bytes);
  }

  /** What one request holds. Thread-safe. */
  public final class Reservation implements AutoCloseable {
    private final Owner owner;
    private long bytes;
    private boolean closed;

    private Reservation(Owner owner) {
      this.owner = owner;
    }

    /**
     * Takes more; nothing once it is closed, as then nobody waits for the request any more.
     *
     * @throws ApiException with {@link ApiError.Busy} if its owner has its share, with {@link
     *     ApiError.Overloaded} if others have taken too much
     */
    public synchronized void grow(long more) {
      if (!closed) {
        take(owner, bytes, more);
        bytes += more;
      }
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        give(owner, bytes);
      }
    }
  }
}
