package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.FailureKind;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Decides how one answer goes on after failures.
 *
 * <ul>
 *   <li>What no target would do better fails at once.
 *   <li>All else is tried on every other target first.
 *   <li>If all are busy, a request without a token yet is refused, so that its client can come
 *       back; an answer that has begun waits for room.
 *   <li>If none can be reached, one may be back soon: a restart takes seconds.
 *   <li>An answer that several targets in a row did not survive may be what kills them.
 * </ul>
 *
 * <p>Tokens make all failures before them forgotten. Not thread-safe.
 */
final class Failover {
  /** Targets in a row that may be lost while they compute one answer, without a token from any. */
  static final int MOST_LOSSES = 3;

  static final Duration FIRST_WAIT = Duration.ofMillis(50);
  static final Duration LONGEST_WAIT = Duration.ofMillis(500);

  private final Duration patience;
  private final LongSupplier nanos;
  private int losses;
  private ApiError last;
  private FailureKind lastKind;
  private ApiError.Busy leastBusy;
  private boolean waiting;
  private long waitingSince;
  private Duration wait = FIRST_WAIT;

  /** What to do when no target is left to try. */
  sealed interface Step {
    /** Try all of them again after a while. */
    record Wait(Duration duration) implements Step {}

    record GiveUp(ApiError error) implements Step {}
  }

  /**
   * @param patience longest wait for a target
   * @param nanos as {@link System#nanoTime}
   */
  Failover(Duration patience, LongSupplier nanos) {
    this.patience = patience;
    this.nanos = nanos;
  }

  /** There are new tokens. */
  void progress() {
    losses = 0;
    last = null;
    lastKind = null;
    leastBusy = null;
    waiting = false;
    wait = FIRST_WAIT;
  }

  /**
   * A target's stream has failed.
   *
   * @param begun whether the target had begun to compute
   * @return the error to end with, or empty to try another target
   */
  Optional<ApiError> failed(StatusRuntimeException failure, boolean begun) {
    last = UpstreamErrors.of(failure);
    lastKind = FailureKind.of(failure.getStatus());
    return switch (lastKind) {
      case REQUEST, OVERDUE -> Optional.of(last);
      case BUSY -> {
        if (last instanceof ApiError.Busy busy && (leastBusy == null || sooner(busy))) {
          leastBusy = busy;
        }
        yield Optional.empty();
      }
      case GONE, FAULT -> {
        losses += begun ? 1 : 0;
        yield losses < MOST_LOSSES ? Optional.empty() : Optional.of(last);
      }
    };
  }

  private boolean sooner(ApiError.Busy busy) {
    return busy.retryAfter().compareTo(leastBusy.retryAfter()) < 0;
  }

  /**
   * All targets that there are have been tried.
   *
   * @param begun whether the answer has tokens
   * @param leaving whether this gateway is about to stop
   * @param none says why there is no target, if none has failed
   */
  Step nobodyLeft(boolean begun, boolean leaving, Supplier<ApiError> none) {
    if (leastBusy != null && !begun) {
      return new Step.GiveUp(leastBusy);
    }
    if (!waiting) {
      waiting = true;
      waitingSince = nanos.getAsLong();
    }
    Duration left = patience.minusNanos(nanos.getAsLong() - waitingSince);
    if (leaving || !left.isPositive() || lastKind == FailureKind.FAULT) {
      return new Step.GiveUp(last == null ? none.get() : last);
    }
    Duration advised = leastBusy == null ? longerWait() : leastBusy.retryAfter();
    leastBusy = null;
    return new Step.Wait(advised.compareTo(left) < 0 ? advised : left);
  }

  private Duration longerWait() {
    Duration now = wait;
    Duration doubled = wait.multipliedBy(2);
    wait = doubled.compareTo(LONGEST_WAIT) < 0 ? doubled : LONGEST_WAIT;
    return now;
  }
}
