package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.application.Failover.Step;
import dev.slipstream.gateway.application.Failover.Verdict;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Whoever breaks this fails answers that could go on, or lets clients wait for nothing. */
class FailoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Verdict ELSEWHERE = new Verdict.Elsewhere();
  private static final ApiError NONE = new ApiError.Unavailable("none");

  private final AtomicLong nanos = new AtomicLong(-5);
  private final Failover failover = new Failover(PATIENCE, nanos::get);

  private static StatusRuntimeException failure(Status status) {
    return status.withDescription("test").asRuntimeException();
  }

  private static StatusRuntimeException busy(long retryAfterMillis) {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER),
        Long.toString(retryAfterMillis));
    return Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers);
  }

  private Verdict failed(StatusRuntimeException failure, boolean begun) {
    return failover.failed("a", failure, begun);
  }

  private static ApiError error(Verdict verdict) {
    return ((Verdict.Failed) verdict).error();
  }

  private Step nobodyLeft(boolean begun) {
    return failover.nobodyLeft(begun, false, () -> NONE);
  }

  private static ApiError error(Step step) {
    return ((Step.GiveUp) step).error();
  }

  private static Duration wait(Step step) {
    return ((Step.Wait) step).duration();
  }

  @Test
  void aBadRequestFailsAtOnce() {
    assertThat(error(failed(failure(Status.INVALID_ARGUMENT), true)))
        .isInstanceOf(ApiError.Invalid.class);
    assertThat(error(failed(failure(Status.OUT_OF_RANGE), true)))
        .isInstanceOf(ApiError.ContextExceeded.class);
    assertThat(error(failed(failure(Status.DEADLINE_EXCEEDED), true)))
        .isInstanceOf(ApiError.TimedOut.class);
  }

  @Test
  void aNewRequestIsRefusedWithTheShortestWaitWhenAllAreBusy() {
    assertThat(failed(busy(3000), false)).isEqualTo(ELSEWHERE);
    assertThat(failed(busy(700), false)).isEqualTo(ELSEWHERE);
    assertThat(failed(busy(1000), false)).isEqualTo(ELSEWHERE);
    assertThat(failed(failure(Status.UNAVAILABLE), false)).isEqualTo(ELSEWHERE);
    assertThat(error(nobodyLeft(false)))
        .isInstanceOfSatisfying(
            ApiError.Busy.class,
            refused -> assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(700)));
  }

  @Test
  void anAnswerThatHasBegunWaitsForRoomAsItIsAdvised() {
    failed(busy(700), false);
    assertThat(wait(nobodyLeft(true))).isEqualTo(Duration.ofMillis(700));
    failed(busy(60_000), false);
    assertThat(wait(nobodyLeft(true))).as("never beyond its patience").isEqualTo(PATIENCE);
  }

  @Test
  void waitsForATargetToComeBackButNotForEver() {
    assertThat(failed(failure(Status.UNAVAILABLE), true)).isEqualTo(ELSEWHERE);
    assertThat(wait(nobodyLeft(true))).isEqualTo(Failover.FIRST_WAIT);
    assertThat(wait(nobodyLeft(true))).isEqualTo(Failover.FIRST_WAIT.multipliedBy(2));
    for (int i = 0; i < 10; i++) {
      nobodyLeft(true);
    }
    assertThat(wait(nobodyLeft(true))).isEqualTo(Failover.LONGEST_WAIT);
    nanos.addAndGet(PATIENCE.minusMillis(100).toNanos());
    assertThat(wait(nobodyLeft(true))).isEqualTo(Duration.ofMillis(100));
    nanos.addAndGet(Duration.ofMillis(100).toNanos());
    assertThat(error(nobodyLeft(true))).isInstanceOf(ApiError.Unavailable.class);
  }

  @Test
  void saysWhyThereIsNoTargetWhenNoneWasTried() {
    nobodyLeft(false);
    nanos.addAndGet(PATIENCE.toNanos());
    assertThat(error(nobodyLeft(false))).isSameAs(NONE);
  }

  @Test
  void doesNotWaitInAGatewayThatStops() {
    failed(failure(Status.UNAVAILABLE), true);
    assertThat(failover.nobodyLeft(true, true, () -> NONE)).isInstanceOf(Step.GiveUp.class);
  }

  @Test
  void doesNotWaitForATargetThatIsThereAndFails() {
    assertThat(failed(failure(Status.INTERNAL), true)).as("another may do").isEqualTo(ELSEWHERE);
    assertThat(error(nobodyLeft(true))).isInstanceOf(ApiError.Internal.class);
  }

  /** Three targets would be lost to it, if it went on to the next each time. */
  @Test
  void anAnswerThatTwoTargetsWereLostWithIsSuspected() {
    assertThat(failed(failure(Status.UNAVAILABLE), true)).isEqualTo(ELSEWHERE);
    assertThat(failed(failure(Status.UNAVAILABLE), false))
        .as("a target that it never reached")
        .isEqualTo(ELSEWHERE);
    assertThat(failed(failure(Status.UNAVAILABLE), true)).isEqualTo(new Verdict.Suspected());
    assertThat(failed(failure(Status.UNAVAILABLE), true)).isInstanceOf(Verdict.Guilty.class);
  }

  /** An upgrade stops one target after another. */
  @Test
  void aTargetThatSaysThatItLeavesIsNoLoss() {
    for (Status leaving : List.of(Status.ABORTED, Status.CANCELLED, Status.ABORTED)) {
      assertThat(failed(failure(leaving), true)).isEqualTo(ELSEWHERE);
    }
  }

  @Test
  void aRequestThatTwoTargetsFailOverIsTheReason() {
    assertThat(failover.failed("a", failure(Status.INTERNAL), true)).isEqualTo(ELSEWHERE);
    assertThat(failover.failed("a", failure(Status.UNKNOWN), false))
        .as("the same target again")
        .isEqualTo(ELSEWHERE);
    assertThat(failover.failed("b", failure(Status.INTERNAL), false))
        .isInstanceOf(Verdict.Guilty.class);
  }

  @Test
  void tokensBetweenTwoFaultsClearARequest() {
    failover.failed("a", failure(Status.INTERNAL), true);
    failover.progress();
    assertThat(failover.failed("b", failure(Status.INTERNAL), true)).isEqualTo(ELSEWHERE);
  }

  @Test
  void tokensMakeFailuresForgotten() {
    for (int i = 0; i < 10; i++) {
      assertThat(failed(failure(Status.UNAVAILABLE), true)).isEqualTo(ELSEWHERE);
      assertThat(wait(nobodyLeft(true))).isEqualTo(Failover.FIRST_WAIT);
      nanos.addAndGet(PATIENCE.minusMillis(1).toNanos());
      failover.progress();
    }
  }
}
