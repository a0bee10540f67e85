package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.speculation.PassCost;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Measuring uses time that nobody wants; a request that comes meanwhile must not wait for it. */
@Timeout(60)
class DecodeLoopMeasuringTest extends DecodeLoopFixture {
  /** In doubt until so many passes were made. */
  private static final class DoubtfulCosts implements PassCosts {
    private PassCost cost = CHEAP;
    private int passesLeft;
    private final CountDownLatch measured = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch started = new CountDownLatch(3);

    DoubtfulCosts(int passes) {
      this.passesLeft = passes;
    }

    @Override
    public PassCost cost() {
      return cost;
    }

    @Override
    public void computed(Pass pass) {}

    @Override
    public long quietNanos() {
      return passesLeft > 0 ? 0 : -1;
    }

    @Override
    public boolean measure() {
      started.countDown();
      passesLeft--;
      if (passesLeft > 0) {
        return true;
      }
      cost = PassCost.of(Map.of(1, 1.0, 2, 1.75));
      measured.countDown();
      return false;
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }

  @Test
  void whatIsInDoubtIsMeasuredWhenThereIsNothingToDo() throws Exception {
    DoubtfulCosts costs = new DoubtfulCosts(20);
    start(settings(64, 256, 1), costs);
    assertThat(costs.measured.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(decode(prompt(20, 1), 5).tokens()).isEqualTo(model.greedy(prompt(20, 1), 5));
    assertThat(registry.get("slipstream.verification.cost").tag("rows", "2").gauge().value())
        .isEqualTo(1.75);
    loop.close();
    assertThat(costs.closed.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void requestsThatComeWhileItMeasuresAreServed() throws Exception {
    DoubtfulCosts costs = new DoubtfulCosts(Integer.MAX_VALUE);
    start(settings(64, 256, 1), costs);
    assertThat(costs.started.await(30, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < 5; i++) {
      assertThat(decode(prompt(20, i), 5).tokens()).isEqualTo(model.greedy(prompt(20, i), 5));
    }
  }
}
