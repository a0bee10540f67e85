package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.FailureKind;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides how one answer goes on after failures.
 *
 * <ul>
 *   <li>What no target would do better fails at once.
 *   <li>All else is tried on every other target first.
 *   <li>If all are busy, a request without a token yet is refused, so that its client can come
 *       back; an answer that has begun waits for room.
 *   <li>If none can be reached, one may be back soon: a restart takes seconds.
 *   <li>A request that two targets failed over would fail at the others too.
 *   <li>An answer that was there when two targets were lost may be what kills them, and at the
 *       third it is.
 * </ul>
 *
 * <p>Tokens make all failures before them forgotten. Not thread-safe.
 */
final class Failover {
  /** Targets that fail over a request before it counts as the reason. */
  static final int FAULTY = 2;

  /** Losses of targets in a row, without a token from any, that make an answer suspicious. */
  static final int SUSPICIOUS = 2;

  /** So many are too many. A target that says that it leaves is no loss. */
  static final int MOST_LOSSES = 3;

  static final Duration FIRST_WAIT = Duration.ofMillis(50);
  static final Duration LONGEST_WAIT = Duration.ofMillis(500);

  private final Duration patience;
  private final LongSupplier nanos;
  private final Set<Object> faulty = new HashSet<>();
  private int losses;
  private @Nullable ApiError last;
  private @Nullable FailureKind lastKind;
  private ApiError.@Nullable Busy leastBusy;
  private boolean waiting;
  private long waitingSince;
  private Duration wait = FIRST_WAIT;

  /** What a failure means for the answer. */
  sealed interface Verdict {
    record Elsewhere() implements Verdict {}

    /** It may be what kills targets: {@link Suspects}. */
    record Suspected() implements Verdict {}

    /** Targets fail over it. */
    record Guilty(ApiError last) implements Verdict {}

    record Failed(ApiError error) implements Verdict {}
  }

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
    faulty.clear();
    last = null;
    lastKind = null;
    leastBusy = null;
    waiting = false;
    wait = FIRST_WAIT;
  }

  /**
   * A target's stream has failed.
   *
   * @param target whose
   * @param begun whether the target had begun to compute
   */
  Verdict failed(Object target, StatusRuntimeException failure, boolean begun) {
    last = UpstreamErrors.of(failure);
    lastKind = FailureKind.of(failure.getStatus());
    return switch (lastKind) {
      case REQUEST, OVERDUE -> new Verdict.Failed(last);
      case BUSY -> {
        if (last instanceof ApiError.Busy busy
            && (leastBusy == null || busy.retryAfter().compareTo(leastBusy.retryAfter()) < 0)) {
          leastBusy = busy;
        }
        yield new Verdict.Elsewhere();
      }
      case FAULT -> {
        faulty.add(target);
        yield faulty.size() < FAULTY ? new Verdict.Elsewhere() : new Verdict.Guilty(last);
      }
      case GONE -> {
        boolean killed = begun && failure.getStatus().getCode() == Status.Code.UNAVAILABLE;
        losses += killed ? 1 : 0;
        yield !killed || losses < SUSPICIOUS
            ? new Verdict.Elsewhere()
            : losses < MOST_LOSSES ? new Verdict.Suspected() : new Verdict.Guilty(last);
      }
    };
  }

  /** What the newest failure was, or another reason without one since the last token. */
  ApiError lastOr(Supplier<ApiError> none) {
    return last == null ? none.get() : last;
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
      return new Step.GiveUp(lastOr(none));
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
