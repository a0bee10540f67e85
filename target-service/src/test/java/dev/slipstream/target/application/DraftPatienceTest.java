package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DraftPatienceTest {
  private final DraftPatience patience = new DraftPatience();

  /** Or every pass of a text whose drafter has gone takes a quarter longer. */
  @Test
  void waitsInVainBecomeRareButAreTriedAgain() {
    assertThat(waits(200, false)).isBetween(5, 30);
    assertThat(waits(64, true)).as("it tries, and learns that it pays again").isPositive();
    assertThat(waits(100, true)).isGreaterThan(80);
  }

  @Test
  void aSmallGainIsNotWorthAWait() {
    assertThat(IntStream.range(0, 15).filter(i -> patience.isWorthwhile(1.2)).count()).isZero();
  }

  private int waits(int passes, boolean bring) {
    int waits = 0;
    for (int i = 0; i < passes; i++) {
      if (patience.isWorthwhile(2)) {
        patience.waited(bring);
        waits++;
      }
    }
    return waits;
  }
}
