package dev.slipstream.gateway.upstream;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Keeps streams from a target that answers when it is asked what it serves, and yet fails them. A
 * target that does not even answer is found out by its heartbeat, so one failure for all streams of
 * a lost connection is enough here. After a pause, one stream is let through to try it.
 */
final class TargetBreaker {
  private static final int WINDOW = 8;
  private static final int FEWEST = 4;
  private static final float HALF = 50;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final CircuitBreaker breaker;

  TargetBreaker(String name, Clock clock) {
    breaker =
        CircuitBreaker.of(
            name,
            CircuitBreakerConfig.custom()
                .clock(clock)
                .slidingWindow(WINDOW, FEWEST, CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .failureRateThreshold(HALF)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitIntervalFunctionInOpenState(
                    IntervalFunction.ofExponentialBackoff(FIRST_PAUSE, 2, LONGEST_PAUSE))
                .writableStackTraceEnabled(false)
                .build());
  }

  /**
   * Whether a stream may be opened; each yes must be followed by {@link #succeeded} or {@link
   * #unproven}.
   */
  boolean permits() {
    return breaker.tryAcquirePermission();
  }

  void succeeded() {
    breaker.onSuccess(0, TimeUnit.NANOSECONDS);
  }

  /** A stream has failed, and another target did what it was for. */
  void failed(Exception cause) {
    breaker.onError(0, TimeUnit.NANOSECONDS, cause);
  }

  /** A stream has ended that says nothing about the target, or not yet. */
  void unproven() {
    breaker.releasePermission();
  }

  BreakerState state() {
    return switch (breaker.getState()) {
      case OPEN, FORCED_OPEN -> BreakerState.OPEN;
      case HALF_OPEN -> BreakerState.HALF_OPEN;
      case CLOSED, DISABLED, METRICS_ONLY -> BreakerState.CLOSED;
    };
  }
}
