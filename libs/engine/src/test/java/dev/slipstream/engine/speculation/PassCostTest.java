package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A wrong T(k) makes speculation slow answers down. */
class PassCostTest {
  private static final PassCost COST = PassCost.of(Map.of(1, 0.010, 2, 0.011, 4, 0.015, 8, 0.027));

  @Test
  void isExactWhereMeasuredAndStraightInBetween() {
    assertThat(COST.seconds(0)).isZero();
    assertThat(COST.seconds(2)).isEqualTo(0.011);
    assertThat(COST.seconds(3)).isCloseTo(0.013, within(1e-12));
    assertThat(COST.seconds(6)).isCloseTo(0.021, within(1e-12));
    assertThat(COST.relative(4)).isCloseTo(1.5, within(1e-12));
    assertThat(COST.measuredRows()).isEqualTo(8);
  }

  @Test
  void goesOnBeyondTheLastMeasurement() {
    double slope = (0.027 - 0.010) / 7;
    assertThat(COST.seconds(18)).isCloseTo(0.027 + 10 * slope, within(1e-12));
    PassCost single = PassCost.of(Map.of(1, 0.01));
    assertThat(single.seconds(3)).as("rows are not free").isCloseTo(0.03, within(1e-12));
  }

  @Property(tries = 300)
  void neverFallsWithMoreRowsWhateverIsMeasured(
      @ForAll @Size(min = 1, max = 12)
          List<@DoubleRange(min = 1e-4, max = 1) @Scale(5) Double> measured,
      @ForAll @Size(max = 20) List<@IntRange(min = 1, max = 40) Integer> steps,
      @ForAll @DoubleRange(min = 1e-4, max = 2) @Scale(5) double seconds) {
    Map<Integer, Double> points = new HashMap<>();
    for (int i = 0; i < measured.size(); i++) {
      points.put(1 + i * i, measured.get(i));
    }
    PassCost cost = PassCost.of(points);
    for (int rows : steps) {
      cost = cost.observe(rows, 0, seconds);
    }
    for (int rows = 1; rows < 150; rows++) {
      assertThat(cost.seconds(rows)).isPositive().isLessThanOrEqualTo(cost.seconds(rows + 1));
    }
  }

  private static final PassCost BEHIND_TEXTS =
      PassCost.of(Map.of(1, 0.010, 2, 0.011, 4, 0.015, 8, 0.027), 1e-6);

  @Test
  void everyTokenThatARowLooksAtHasItsPrice() {
    assertThat(BEHIND_TEXTS.seconds(2, 8000)).isCloseTo(0.011 + 0.008, within(1e-12));
    assertThat(BEHIND_TEXTS.seconds(2)).isEqualTo(0.011);
    assertThat(BEHIND_TEXTS.seconds(0, 8000)).isZero();
    assertThatIllegalArgumentException().isThrownBy(() -> BEHIND_TEXTS.seconds(1, -1));
    for (double bad : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> PassCost.of(Map.of(1, 0.01), bad));
    }
  }

  /** What a long text takes must not make short ones look slow, nor the reverse. */
  @Test
  void learnsThePriceOfTokensFromLongTextsAndThatOfRowsFromShortOnes() {
    PassCost cost = BEHIND_TEXTS;
    for (int i = 0; i < 3000; i++) {
      cost = cost.observe(1, 0, 0.010).observe(1, 20_000, 0.050);
    }
    assertThat(cost.seconds(1)).isCloseTo(0.010, within(0.001));
    assertThat(cost.seconds(1, 20_000)).isCloseTo(0.050, within(0.003));
    assertThat(cost.seconds(1, 10_000)).isCloseTo(0.030, within(0.003));
  }

  @Test
  void followsAMachineThatBecomesSlower() {
    PassCost cost = COST;
    for (int i = 0; i < 200; i++) {
      cost = cost.observe(1, 0, 0.020).observe(4, 0, 0.030);
    }
    assertThat(cost.seconds(1)).isCloseTo(0.020, within(0.0005));
    assertThat(cost.seconds(4)).isCloseTo(0.030, within(0.0005));
    assertThat(cost.relative(8)).as("rows not seen lately keep their ratio").isBetween(2.5, 2.9);
  }

  @Test
  void learnsAnotherShape() {
    PassCost cost = COST;
    for (int i = 0; i < 1000; i++) {
      cost = cost.observe(1, 0, 0.010).observe(4, 0, 0.030).observe(3, 0, 0.023);
    }
    assertThat(cost.relative(4)).isCloseTo(3, within(0.1));
    assertThat(cost.relative(3)).isCloseTo(2.3, within(0.2));
  }

  @Test
  void onePauseHardlyCounts() {
    PassCost cost = COST.observe(4, 0, 30);
    assertThat(cost.seconds(4)).isCloseTo(0.015, within(0.0006));
    assertThat(cost.relative(4)).isCloseTo(1.5, within(0.03));
  }

  @Test
  void refusesWhatCannotBeACost() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PassCost.of(Map.of(2, 0.1)))
        .withMessageContaining("1 row");
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> PassCost.of(Map.of(1, bad)));
      assertThatIllegalArgumentException().isThrownBy(() -> COST.observe(1, 0, bad));
    }
  }

  /** Operators judge by it whether a drafter is good enough for a machine. */
  @Test
  void breakEvenIsWhereTheExpectedTokensAreWorthThePass() {
    PassCost cost = PassCost.of(Map.of(1, 1.0, 2, 1.25, 3, 1.75, 5, 6.0));
    assertThat(cost.breakEvenAcceptance(1)).isCloseTo(0.25, within(1e-5));
    assertThat(cost.breakEvenAcceptance(2)).isCloseTo(0.5, within(1e-5));
    assertThat(cost.breakEvenAcceptance(4)).isEqualTo(1);
    assertThat(PassCost.of(Map.of(1, 1.0, 3, 1.0)).breakEvenAcceptance(2))
        .isCloseTo(0, within(1e-5));
    assertThatIllegalArgumentException().isThrownBy(() -> cost.breakEvenAcceptance(0));
  }
}
