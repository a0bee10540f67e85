package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.model.ForwardPass;
import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.speculation.CostMeasurement;
import dev.slipstream.engine.speculation.CostMeasurement.Point;
import dev.slipstream.target.spi.PassObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A T(k) that was never true makes speculation look free, and answers slower, for as long as it is
 * kept. Time is what the machine of the test says.
 */
class MeasuredCostsTest {
  private static final Duration BUDGET = Duration.ofSeconds(4);

  /** A model with a second row for 0.6 of the first. */
  private static final IntToDoubleFunction CALM = rows -> 0.020 * (0.4 + 0.6 * rows);

  @TempDir private Path folder;
  private final Machine machine = new Machine();
  private CostFile file;

  /** Takes so long for a pass as it is told, by its own clock. */
  private static final class Machine implements ForwardPass {
    private static final PassResult NOTHING =
        new PassResult(new boolean[0], 1, new float[0], new float[0], 1, new float[0]);

    private IntToDoubleFunction seconds = CALM;
    private double kvTokenSeconds;
    private long nanos;
    private double longest;

    @Override
    public PassResult forward(Batch batch) {
      long kvTokens = (long) batch.rows() * batch.sequence(0).length();
      double time = seconds.applyAsDouble(batch.rows()) + kvTokenSeconds * kvTokens;
      longest = Math.max(longest, time);
      nanos += (long) (time * 1e9);
      return NOTHING;
    }

    long clock() {
      return nanos;
    }
  }

  @BeforeEach
  void open() {
    file = new CostFile(folder, "digest", 2, "machine");
  }

  @Test
  void aCalmMachineIsMeasuredOnceAndRemembered() {
    try (PassCosts costs = costs()) {
      assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.01));
      assertThat(costs.quietNanos()).as("nothing is left to measure").isNegative();
    }
    assertThat(file.read()).isPresent();
    machine.seconds = rows -> 100 * rows;
    try (PassCosts costs = costs()) {
      assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.01));
    }
  }

  @Test
  void attentionIsMeasuredBehindALongTextAndRememberedToo() {
    machine.kvTokenSeconds = 2e-6;
    for (int start = 0; start < 2; start++) {
      try (PassCosts costs = costs()) {
        assertThat(costs.cost().seconds(1)).isCloseTo(0.020, within(1e-4));
        assertThat(costs.cost().seconds(1, 10_000)).isCloseTo(0.040, within(5e-4));
        assertThat(costs.cost().seconds(3, 30_000)).isCloseTo(0.104, within(1e-3));
      }
    }
  }

  /** What an earlier version has kept knows nothing of long texts. */
  @Test
  void aFileOfTheFormBeforeIsMeasuredAnew() throws Exception {
    try (PassCosts costs = costs()) {
      assertThat(file.read()).isPresent();
    }
    Path kept;
    try (var files = Files.list(folder)) {
      kept = files.findFirst().orElseThrow();
    }
    Files.writeString(
        kept, "slipstream verification cost 3\n1 0.5 0.5\n2 0.6 0.6\n4 0.8 0.8\n16 3.0 3.0\n");
    machine.kvTokenSeconds = 2e-6;
    try (PassCosts costs = costs()) {
      assertThat(costs.cost().seconds(1)).isCloseTo(0.020, within(1e-4));
      assertThat(costs.cost().seconds(1, 10_000)).isCloseTo(0.040, within(5e-4));
    }
    assertThat(Files.readString(kept)).startsWith("slipstream verification cost 4\n");
  }

  /** First starts beside other work: T(1) of 1.7 to 5.4 s, T(2)/T(1) = 1.00, and it was kept. */
  @Test
  void aBusyFirstStartMakesNothingFreeAndIsNotKept() {
    for (double wait : new double[] {1.7, 2.6, 5.4}) {
      machine.seconds = rows -> wait;
      try (PassCosts costs = costs()) {
        assertThat(costs.cost().relative(2)).isEqualTo(2);
        assertThat(costs.cost().relative(9)).isEqualTo(9);
        assertThat(costs.cost().breakEvenAcceptance(4)).isEqualTo(1);
        assertThat(file.read()).isEmpty();

        machine.seconds = CALM;
        assertThat(costs.quietNanos()).isPositive();
        measure(costs);
        assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.01));
        assertThat(costs.cost().seconds(1)).isCloseTo(0.020, within(1e-4));
        assertThat(costs.quietNanos()).isNegative();
        assertThat(file.read()).isPresent();
      }
      file.forget();
    }
  }

  @Test
  void roundsThatMostlyAreDisturbedGiveTheModelsShapeOrNone() {
    Random random = new Random(3);
    for (int i = 0; i < 50; i++) {
      machine.seconds =
          rows -> CALM.applyAsDouble(rows) * (random.nextInt(3) > 0 ? random.nextInt(1, 9) : 1.03);
      try (PassCosts costs = costs()) {
        measure(costs);
        assertThat(costs.cost().relative(2)).isBetween(1.45, 2.0);
        assertThat(costs.cost().relative(32)).isGreaterThan(15);
      }
      file.forget();
    }
  }

  /** A profile of a busy minute that an earlier version has kept, or that looked well. */
  @Test
  void aProfileThatPassesRefuteIsThrownAway() {
    file.write(profile(5.4, 1.6));
    try (PassCosts costs = costs()) {
      assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.01));
      observe(costs, 1, 0.020, 8);
      assertThat(file.read()).as("a few passes are no proof").isPresent();
      observe(costs, 1, 0.020, 1);
      assertThat(costs.cost().relative(2)).isEqualTo(2);
      assertThat(costs.cost().seconds(1)).isCloseTo(0.020, within(1e-3));
      assertThat(file.read()).isEmpty();
      measure(costs);
      assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.01));
      assertThat(file.read()).isPresent();
    }
  }

  @Test
  void rowsThatAreMuchDearerThanTheProfileSaysThrowItAway() {
    file.write(profile(0.020, 1.03));
    try (PassCosts costs = costs()) {
      observe(costs, 1, 0.021, 9);
      observe(costs, 4, 0.070, 9);
      assertThat(costs.cost().relative(2)).isEqualTo(2);
      assertThat(file.read()).isEmpty();
    }
    file.write(profile(0.020, 1.9));
    try (PassCosts costs = costs()) {
      observe(costs, 6, 0.022, 9);
      observe(costs, 1, 0.021, 9);
      assertThat(costs.cost().relative(2)).isEqualTo(2);
    }
  }

  /** A neighbour slows all passes alike, and goes again. */
  @Test
  void aMachineThatIsBusyNowRefutesNothingButIsMeasuredAgain() {
    CostMeasurement kept = profile(0.020, 1.6);
    file.write(kept);
    try (PassCosts costs = costs()) {
      observe(costs, 1, 0.090, 9);
      observe(costs, 4, 0.250, 9);
      assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.05));
      assertThat(file.read()).contains(kept);
      assertThat(costs.quietNanos()).isPositive();

      Random random = new Random(1);
      machine.seconds = rows -> 0.02 * Math.exp(random.nextDouble(5));
      measure(costs);
      assertThat(file.read()).as("a busy measurement replaces nothing").contains(kept);
    }
  }

  @Test
  void whatIsOrdinaryRefutesNothing() {
    CostMeasurement kept = profile(0.020, 1.6);
    file.write(kept);
    try (PassCosts costs = costs()) {
      Random random = new Random(2);
      for (int i = 0; i < 500; i++) {
        observe(costs, 1, 0.020 * random.nextDouble(0.7, 1.8), 1);
        observe(costs, 3, 0.044 * random.nextDouble(0.7, 1.8), 1);
        observe(costs, 64, 30, 1);
        costs.computed(new PassObserver.Pass(1, 0, 0.5, false, 0));
      }
      assertThat(costs.quietNanos()).isNegative();
      assertThat(file.read()).contains(kept);
    }
  }

  @Test
  void aMachineThatIsNeverCalmIsAskedLessAndLess() {
    Random random = new Random(1);
    machine.seconds = rows -> 0.02 * Math.exp(random.nextDouble(7));
    try (PassCosts costs = costs()) {
      long quiet = costs.quietNanos();
      for (int attempt = 0; attempt < 12; attempt++) {
        measure(costs);
        assertThat(costs.quietNanos()).isGreaterThanOrEqualTo(quiet);
        quiet = costs.quietNanos();
      }
      assertThat(quiet).isEqualTo(Duration.ofMinutes(30).toNanos());
      assertThat(costs.cost().relative(2)).isEqualTo(2);
      assertThat(file.read()).isEmpty();
    }
  }

  /** A request that comes meanwhile waits for one pass at most. */
  @Test
  void passesOfSlowModelsStayShort() {
    machine.seconds = rows -> 0.9 * (0.4 + 0.6 * rows);
    try (PassCosts costs = costs()) {
      measure(costs);
      assertThat(machine.longest).isLessThan(4);
      assertThat(costs.cost().relative(4)).isCloseTo(2.8, within(0.01));
    }
  }

  @Test
  void aPassThatFailsWhileMeasuringIsNoFailure() {
    machine.seconds = rows -> 1.7;
    try (PassCosts costs = costs()) {
      machine.seconds =
          rows -> {
            throw new IllegalStateException("broken");
          };
      assertThat(costs.measure()).isFalse();
      machine.seconds = CALM;
      measure(costs);
      assertThat(costs.cost().relative(2)).isCloseTo(1.6, within(0.01));
    }
  }

  @Test
  void anInterruptedStartStopsMeasuring() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(this::costs).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void filesOfOtherVersionsAndBrokenOnesAreMeasuredAnew() throws Exception {
    try (PassCosts costs = costs()) {
      assertThat(file.read()).isPresent();
    }
    Path kept;
    try (var files = Files.list(folder)) {
      kept = files.findFirst().orElseThrow();
    }
    String good = Files.readString(kept);
    for (String bad :
        List.of(
            "slipstream verification cost 2\n1 5.4\n2 5.4\n",
            "",
            good.substring(0, good.length() - 1),
            good.lines().findFirst().orElseThrow() + "\n1 5.4 5.4\n2 5.4 5.4\n4 5.4 5.4\n")) {
      Files.writeString(kept, bad);
      try (PassCosts costs = costs()) {
        assertThat(costs.cost().seconds(1)).isCloseTo(0.020, within(1e-4));
      }
      assertThat(Files.readString(kept)).isEqualTo(good);
    }
  }

  private PassCosts costs() {
    ServedModel model =
        new ServedModel(
            "m",
            new ServedModel.Weights("toy", "F32", "digest"),
            new ServedModel.Tokens("t", 300, Set.of()),
            4096,
            KvLayout.perLayer(1, 1, 1, NamedEncoding.DEFAULT),
            machine);
    return new MeasuredCosts(model, 64, BUDGET, file, machine::clock);
  }

  private static void measure(PassCosts costs) {
    while (costs.quietNanos() >= 0 && costs.measure()) {}
  }

  private static void observe(PassCosts costs, int rows, double seconds, int times) {
    for (int i = 0; i < times; i++) {
      costs.computed(new PassObserver.Pass(rows, 0, seconds, true, 0));
    }
  }

  /** T(2)/T(1) is given, T(k) straight. */
  private static CostMeasurement profile(double one, double two) {
    return new CostMeasurement(
        Stream.of(1, 2, 4, 8, 32).map(k -> point(k, one * (1 + (two - 1) * (k - 1)))).toList());
  }

  private static Point point(int rows, double seconds) {
    return new Point(rows, seconds, seconds);
  }
}
