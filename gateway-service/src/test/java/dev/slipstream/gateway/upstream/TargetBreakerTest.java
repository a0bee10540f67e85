package dev.slipstream.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** Whoever breaks this sends every request to a broken target first, or never to a mended one. */
class TargetBreakerTest {
  private final Later clock = new Later();
  private final TargetBreaker breaker = new TargetBreaker("t", clock);

  /** A clock that stands still until a test moves it. */
  private static final class Later extends Clock {
    private Instant now = Instant.EPOCH;

    void skip(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private void fail(int streams) {
    for (int i = 0; i < streams; i++) {
      assertThat(breaker.permits()).isTrue();
      breaker.failed(new IllegalStateException("broken"));
    }
  }

  @Test
  void opensAfterAFewFailuresAndLetsOneStreamTryLater() {
    fail(4);
    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    assertThat(breaker.permits()).isFalse();

    clock.skip(Duration.ofMillis(1001));
    assertThat(breaker.permits()).isTrue();
    assertThat(breaker.state()).isEqualTo(BreakerState.HALF_OPEN);
    assertThat(breaker.permits()).as("a second one").isFalse();
    breaker.succeeded();
    assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
  }

  @Test
  void aTrialThatSaysNothingLeavesTheTrialToAnother() {
    fail(4);
    clock.skip(Duration.ofMillis(1001));
    assertThat(breaker.permits()).isTrue();
    breaker.unproven();
    assertThat(breaker.permits()).isTrue();
    breaker.failed(new IllegalStateException("still broken"));
    assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
    clock.skip(Duration.ofMillis(1001));
    assertThat(breaker.permits()).as("the pause has grown").isFalse();
  }

  @Test
  void staysClosedWhileMostStreamsWork() {
    for (int i = 0; i < 20; i++) {
      assertThat(breaker.permits()).isTrue();
      breaker.succeeded();
      assertThat(breaker.permits()).isTrue();
      breaker.succeeded();
      fail(1);
      assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
    }
  }
}
