package dev.slipstream.gateway.application;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import reactor.core.publisher.Mono;

/**
 * Bounds what requests hold until they are made into tokens: how many there are, and their bytes,
 * in all and of one caller. One caller gets half, so that others always find room; a single request
 * is never too large, as its own size has been limited before. Thread-safe.
 */
public final class PromptBudget {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int mostRequests;
  private final long mostBytes;
  private final GatewayMetrics metrics;
  private final Map<String, Held> callers = new HashMap<>();
  private Held all = Held.NOTHING;

  private record Held(int requests, long bytes) {
    static final Held NOTHING = new Held(0, 0);

    Held plus(int more, long moreBytes) {
      return new Held(requests + more, bytes + moreBytes);
    }

    boolean takes(long moreBytes, int mostRequests, long mostBytes) {
      return requests == 0 || requests < mostRequests && bytes + moreBytes <= mostBytes;
    }
  }

  /**
   * @param mostRequests at a time, at least 1
   * @param mostBytes of them all
   */
  public PromptBudget(int mostRequests, long mostBytes, GatewayMetrics metrics) {
    this.mostRequests = mostRequests;
    this.mostBytes = mostBytes;
    this.metrics = metrics;
  }

  /** The work, or {@link ApiError.Busy}; the request counts until the work is over. */
  <T> Mono<T> bounded(Caller caller, long bytes, Mono<T> work) {
    return Mono.using(
        () -> {
          take(caller, bytes);
          return caller;
        },
        taken -> work,
        taken -> give(taken, bytes));
  }

  synchronized long bytes() {
    return all.bytes();
  }

  private synchronized void take(Caller caller, long bytes) {
    Held own = callers.getOrDefault(caller.name(), Held.NOTHING);
    if (!all.takes(bytes, mostRequests, mostBytes)) {
      throw refused("Too many prompts, or too long ones, are waiting to be tokenised.");
    }
    if (!own.takes(bytes, (mostRequests + 1) / 2, mostBytes / 2)) {
      throw refused("Too many prompts of this caller, or too long ones, are waiting already.");
    }
    callers.put(caller.name(), own.plus(1, bytes));
    all = all.plus(1, bytes);
  }

  private ApiException refused(String message) {
    metrics.refused();
    return new ApiException(new ApiError.Busy(message, RETRY_AFTER));
  }

  private synchronized void give(Caller caller, long bytes) {
    all = all.plus(-1, -bytes);
    callers.computeIfPresent(
        caller.name(), (name, held) -> held.requests() == 1 ? null : held.plus(-1, -bytes));
  }
}
