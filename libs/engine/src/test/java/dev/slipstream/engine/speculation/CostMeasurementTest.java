package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;

/**
 * What a busy minute measures must not be believed: speculation that looks free is always on, and
 * makes answers slower for as long as the profile is kept.
 */
class CostMeasurementTest {
  private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32};

  /** T(1) of 1.7 to 5.4 s, one sample each, and a second row for nothing. */
  @Test
  void theFirstStartsBesideOtherWorkAreNotBelieved() {
    assertObjection(samples(Map.of(1, 5.4, 2, 5.4)), "one row was not reproduced");
    assertObjection(samples(Map.of(1, 1.7, 2, 1.7)), "one row was not reproduced");
    assertObjection(
        Map.of(1, List.of(5.4, 1.7, 3.1, 2.6), 2, List.of(1.7, 5.4, 3.1, 2.6)), "one row");
    assertObjection(repeated(3, Map.of(1, 5.4, 2, 5.4)), "two to 4 rows");
    assertObjection(repeated(3, Map.of(1, 5.4, 2, 5.4, 3, 5.4, 4, 5.4, 8, 5.5)), "free", "5.4");
    assertObjection(repeated(5, Map.of(1, 1.7, 2, 1.71, 4, 1.9, 16, 2.5)), "free");
  }

  @Test
  void rowsThatAreFreeAreNotBelieved() {
    assertObjection(repeated(4, Map.of(1, 0.01, 2, 0.01, 4, 0.01, 16, 0.01)), "free");
    assertObjection(repeated(4, Map.of(1, 0.01, 2, 0.0101, 4, 0.0102, 32, 0.0104)), "free");
    // Memory alone decides on large machines, as long as there are few rows.
    assertBelieved(repeated(4, Map.of(1, 0.01, 2, 0.01, 4, 0.0101, 32, 0.02)));
  }

  @Test
  void moreRowsThatAreFasterAreNotBelieved() {
    assertObjection(repeated(4, Map.of(1, 0.01, 2, 0.008, 4, 0.02)), "faster");
    assertObjection(repeated(4, Map.of(1, 0.01, 2, 0.012, 4, 0.02, 8, 0.015)), "faster");
    assertBelieved(repeated(4, Map.of(1, 0.01, 2, 0.0097, 4, 0.02, 8, 0.0195)));
  }

  @Test
  void rowsThatAreDearerThanPassesAreNotBelieved() {
    assertObjection(repeated(4, Map.of(1, 0.01, 2, 0.03, 4, 0.031)), "dearer");
    assertObjection(repeated(4, Map.of(1, 0.01, 2, 0.015, 4, 0.02, 32, 0.5)), "dearer");
  }

  @Test
  void whatCameOnlyOnceIsNotBelieved() {
    assertObjection(Map.of(), "one row");
    assertObjection(repeated(4, Map.of(2, 0.01, 4, 0.02)), "one row");
    assertObjection(repeated(4, Map.of(1, 0.01)), "two to 4");
    assertObjection(repeated(2, Map.of(1, 0.01, 2, 0.015, 4, 0.02)), "one row");
    Map<Integer, List<Double>> lucky = repeated(4, Map.of(1, 0.01, 2, 0.015, 4, 0.02));
    lucky.put(1, List.of(0.004, 0.01, 0.01, 0.01));
    assertObjection(lucky, "one row");
    lucky.put(1, List.of(0.01, 0.01, 0.01));
    lucky.put(2, List.of(0.01, 0.02, 0.02));
    assertObjection(lucky, "two to 4");
  }

  @Test
  void aRowCountThatWasDisturbedIsLeftOut() {
    Map<Integer, List<Double>> samples = repeated(4, Map.of(1, 0.01, 2, 0.015, 4, 0.02));
    samples.put(8, List.of(0.03, 0.09, 0.09));
    assertBelieved(samples);
    assertThat(measured(samples).cost().measuredRows()).isEqualTo(4);
  }

  /** Real shapes, in rounds of which most are slowed by neighbours, some a hundredfold. */
  @Property(tries = 300)
  void whatAModelNeedsIsFoundAmongDisturbedRounds(
      @ForAll @DoubleRange(min = 1e-4, max = 0.5) @Scale(5) double one,
      @ForAll @DoubleRange(min = 0.08, max = 0.95) double slope,
      @ForAll long seed) {
    Random random = new Random(seed);
    Map<Integer, List<Double>> samples = new TreeMap<>();
    for (int rows : ROWS) {
      double time = one * (1 + slope * (rows - 1));
      List<Double> times = new ArrayList<>();
      for (int round = 0; round < 12; round++) {
        boolean calm = round % 4 == 1;
        double noise = calm ? random.nextDouble(0.08) : random.nextDouble(0.3, 100);
        times.add(time * (1 + noise));
      }
      samples.put(rows, times);
    }
    assertBelieved(samples);
    PassCost cost = measured(samples).cost();
    assertThat(cost.seconds(1)).isCloseTo(one, within(0.1 * one));
    assertThat(cost.relative(8)).isCloseTo(1 + 7 * slope, within(0.1 * (1 + 7 * slope)));
  }

  /** Whatever was measured: what is believed never makes many rows free. */
  @Property(tries = 500)
  void whatIsBelievedHasAPrice(@ForAll long seed) {
    Random random = new Random(seed);
    Map<Integer, List<Double>> samples = new TreeMap<>();
    for (int rows : ROWS) {
      List<Double> times = new ArrayList<>();
      for (int i = random.nextInt(5); i >= 0; i--) {
        times.add(0.01 + random.nextDouble(random.nextBoolean() ? 0.002 : 10));
      }
      samples.put(rows, times);
    }
    CostMeasurement measured = measured(samples);
    if (measured.objection().isEmpty() && measured.cost().measuredRows() >= 16) {
      assertThat(measured.cost().relative(32)).isGreaterThanOrEqualTo(1.05 * 0.94);
    }
  }

  private static final Map<Integer, List<Double>> SHORT =
      repeated(4, Map.of(1, 0.010, 2, 0.015, 4, 0.020, 16, 0.070));

  private static CostMeasurement behind(double one, double few) {
    return CostMeasurement.of(SHORT, 2048, repeated(4, Map.of(1, one, 4, few)));
  }

  /** Long texts make every row dearer, and a draft of many rows most of all. */
  @Test
  void whatAttentionTakesBehindALongTextIsThePriceOfItsTokens() {
    CostMeasurement measured = behind(0.014, 0.036);
    assertThat(measured.objection()).isEmpty();
    PassCost cost = measured.cost();
    assertThat(cost.seconds(1, 2048)).isCloseTo(0.014, within(1e-5));
    assertThat(cost.seconds(4, 4 * 2048)).isCloseTo(0.036, within(1e-5));
    assertThat(cost.seconds(4)).isEqualTo(0.020);
    assertThat(CostMeasurement.parse(measured.toText())).isEqualTo(measured);
  }

  @Test
  void textsThatMakePassesFasterOrRowsDearerThanPassesAreNotBelieved() {
    assertThat(behind(0.0085, 0.020).objection().orElseThrow()).contains("faster behind 2048");
    assertThat(behind(0.010, 0.015).objection().orElseThrow()).contains("faster behind 2048");
    assertThat(behind(0.011, 0.050).objection().orElseThrow()).contains("dearer");
    assertThat(behind(0.0102, 0.0201).objection()).as("hardly any attention").isEmpty();
    assertThat(behind(0.0098, 0.0197).cost().seconds(1, 1 << 20)).as("noise").isEqualTo(0.010);
  }

  @Test
  void aLongTextThatWasNotReproducedIsNotBelieved() {
    for (Map<Integer, List<Double>> samples :
        List.of(
            Map.<Integer, List<Double>>of(),
            repeated(4, Map.of(1, 0.014)),
            repeated(2, Map.of(1, 0.014, 4, 0.036)),
            Map.of(1, List.of(0.014, 0.03, 0.03), 4, List.of(0.036, 0.036, 0.036)))) {
      assertThat(CostMeasurement.of(SHORT, 2048, samples).objection().orElseThrow())
          .contains("1 and 4 rows behind 2048 tokens were not reproduced");
    }
  }

  @Test
  void whatWasKeptIsJudgedAgain() {
    CostMeasurement good = measured(repeated(3, Map.of(1, 0.010, 2, 0.0151, 4, 0.02, 16, 0.07)));
    assertThat(CostMeasurement.parse(good.toText())).isEqualTo(good);
    String header = good.toText().lines().findFirst().orElseThrow() + "\n";
    assertThat(CostMeasurement.parse(header + "1 5.4 5.4\n2 5.4 5.4\nbehind 0\n").objection())
        .isPresent();
    assertThat(
            CostMeasurement.parse(header + "1 0.1 1.4\n2 0.2 0.2\n4 0.3 0.3\nbehind 0\n")
                .objection())
        .isPresent();
    assertThat(CostMeasurement.parse(header + "behind 0\n").objection()).isPresent();
  }

  /** A file cut off by a crash must not be taken for a measurement. */
  @Test
  void refusesBrokenText() {
    String text = measured(repeated(3, Map.of(1, 0.010, 2, 0.015, 4, 0.02, 16, 0.07))).toText();
    List<String> broken = new ArrayList<>();
    for (int end = 0; end < text.length(); end++) {
      if (end == 0 || text.charAt(end - 1) != '\n') {
        broken.add(text.substring(0, end));
      }
    }
    broken.addAll(
        List.of(
            text.replace("cost 4", "cost 3"),
            text.replace("behind 0\n", ""),
            text.replace("behind 0", "behind"),
            text.replace("behind 0", "behind -16"),
            text + "1 1 1\n",
            with(text, "9"),
            with(text, "nine 1 1"),
            with(text, "32 NaN 1"),
            with(text, "32 1 NaN"),
            with(text, "32 2 1"),
            with(text, "32 -1 1"),
            with(text, "2 1 1"),
            with(text, "32 1 Infinity")));
    for (String bad : broken) {
      assertThatIllegalArgumentException().isThrownBy(() -> CostMeasurement.parse(bad));
    }
  }

  private static String with(String text, String line) {
    return text.replace("behind", line + "\nbehind");
  }

  private static Map<Integer, List<Double>> samples(Map<Integer, Double> once) {
    return repeated(1, once);
  }

  private static Map<Integer, List<Double>> repeated(int times, Map<Integer, Double> seconds) {
    Map<Integer, List<Double>> samples = new TreeMap<>();
    seconds.forEach(
        (rows, time) -> {
          List<Double> all = new ArrayList<>();
          for (int i = 0; i < times; i++) {
            all.add(time * (1 + 0.01 * i));
          }
          samples.put(rows, all);
        });
    return samples;
  }

  private static CostMeasurement measured(Map<Integer, List<Double>> samples) {
    return CostMeasurement.of(samples, 0, Map.of());
  }

  private static void assertObjection(Map<Integer, List<Double>> samples, String... parts) {
    assertThat(measured(samples).objection().orElse("believed")).contains(parts);
  }

  private static void assertBelieved(Map<Integer, List<Double>> samples) {
    assertThat(measured(samples).objection()).isEmpty();
  }
}
