package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.application.Failover.Step;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Whoever breaks this fails answers that could go on, or lets clients wait for nothing. */
class FailoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
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
    assertThat(failover.failed(failure(Status.INVALID_ARGUMENT), true))
        .containsInstanceOf(ApiError.Invalid.class);
    assertThat(failover.failed(failure(Status.OUT_OF_RANGE), true))
        .containsInstanceOf(ApiError.ContextExceeded.class);
    assertThat(failover.failed(failure(Status.DEADLINE_EXCEEDED), true))
        .containsInstanceOf(ApiError.TimedOut.class);
  }

  @Test
  void aNewRequestIsRefusedWithTheShortestWaitWhenAllAreBusy() {
    assertThat(failover.failed(busy(3000), false)).isEmpty();
    assertThat(failover.failed(busy(700), false)).isEmpty();
    assertThat(failover.failed(busy(1000), false)).isEmpty();
    assertThat(failover.failed(failure(Status.UNAVAILABLE), false)).isEmpty();
    assertThat(error(nobodyLeft(false)))
        .isInstanceOfSatisfying(
            ApiError.Busy.class,
            refused -> assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(700)));
  }

  @Test
  void anAnswerThatHasBegunWaitsForRoomAsItIsAdvised() {
    failover.failed(busy(700), false);
    assertThat(wait(nobodyLeft(true))).isEqualTo(Duration.ofMillis(700));
    failover.failed(busy(60_000), false);
    assertThat(wait(nobodyLeft(true))).as("never beyond its patience").isEqualTo(PATIENCE);
  }

  @Test
  void waitsForATargetToComeBackButNotForEver() {
    assertThat(failover.failed(failure(Status.UNAVAILABLE), true)).isEmpty();
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
    failover.failed(failure(Status.UNAVAILABLE), true);
    assertThat(failover.nobodyLeft(true, true, () -> NONE)).isInstanceOf(Step.GiveUp.class);
  }

  @Test
  void doesNotWaitForATargetThatIsThereAndFails() {
    assertThat(failover.failed(failure(Status.INTERNAL), true)).as("another may do").isEmpty();
    assertThat(error(nobodyLeft(true))).isInstanceOf(ApiError.Internal.class);
  }

  @Test
  void anAnswerThatKillsTargetsIsNotGivenToAllOfThem() {
    for (int i = 1; i < Failover.MOST_LOSSES; i++) {
      assertThat(failover.failed(failure(Status.UNAVAILABLE), true)).isEmpty();
      assertThat(failover.failed(failure(Status.UNAVAILABLE), false))
          .as("a target that it never reached")
          .isEmpty();
    }
    assertThat(failover.failed(failure(Status.UNAVAILABLE), true)).isPresent();
  }

  @Test
  void tokensMakeFailuresForgotten() {
    for (int i = 0; i < 10; i++) {
      assertThat(failover.failed(failure(Status.UNAVAILABLE), true)).isEmpty();
      assertThat(wait(nobodyLeft(true))).isEqualTo(Failover.FIRST_WAIT);
      nanos.addAndGet(PATIENCE.minusMillis(1).toNanos());
      failover.progress();
    }
  }
}
