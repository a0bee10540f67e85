package dev.slipstream.standalone.bench;

import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.standalone.bench.EngineResult.Shape;
import dev.slipstream.standalone.bench.EngineResult.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/**
 * Times whole forward passes of a model, without services: prompts (pp), generation (tg), and the
 * cost of a verification pass over k rows (v<i>k</i>).
 */
public final class EngineBench {
  /** Depth of the tests if none is asked for; a draft that continues nothing tells nothing. */
  private static final int VERIFY_DEPTH = 128;

  private static final int ROUNDS_PER_REPETITION = 5;
  private static final int WARM_UP_TOKENS = 16;
  private static final OptionalDouble NO_RATIO = OptionalDouble.empty();

  /**
   * What to measure.
   *
   * @param promptTokens lengths of prompts; 0 is left out
   * @param generatedTokens lengths of generations; 0 is left out
   * @param verifiedRows rows of verification passes; none, or 1 is added to them
   * @param depths tokens before each test; none for 0, and 128 for verification passes
   * @param threads sizes of the compute pool
   * @param repetitions of each test, at least 1
   * @param warmUp whether to run each test until its times settle before it is measured
   */
  public record Settings(
      Path model,
      List<Integer> promptTokens,
      List<Integer> generatedTokens,
      List<Integer> verifiedRows,
      List<Integer> depths,
      List<Integer> threads,
      int repetitions,
      boolean warmUp) {

    int longest() {
      int verified = verifiedRows.isEmpty() ? 0 : most(verifyDepths()) + mostRows();
      return Math.max(verified, most(depths) + Math.max(most(promptTokens), most(generatedTokens)));
    }

    List<Integer> plainDepths() {
      return depths.isEmpty() ? List.of(0) : depths;
    }

    List<Integer> verifyDepths() {
      return depths.isEmpty() ? List.of(VERIFY_DEPTH) : depths;
    }

    int mostRows() {
      return Math.max(1, most(verifiedRows));
    }

    private static int most(List<Integer> numbers) {
      return numbers.stream().mapToInt(Integer::intValue).max().orElse(0);
    }
  }

  private final Settings settings;
  private final ModelFacts facts;
  private final Consumer<String> progress;

  private EngineBench(Settings settings, ModelFacts facts, Consumer<String> progress) {
    this.settings = settings;
    this.facts = facts;
    this.progress = progress;
  }

  /**
   * Runs all tests.
   *
   * @param progress hears what is being done
   * @throws IllegalArgumentException if a test is longer than the model's context
   */
  public static EngineReport run(Settings settings, Consumer<String> progress) throws IOException {
    ModelFacts facts = ModelFacts.of(settings.model());
    var bench = new EngineBench(settings, facts, progress);
    List<EngineReport.Part> parts = new ArrayList<>();
    for (int threads : settings.threads()) {
      parts.add(bench.part(threads));
    }
    return new EngineReport(facts, parts);
  }

  private EngineReport.Part part(int threads) throws IOException {
    progress.accept("Loading " + facts.name() + " for " + threads + " threads ...");
    try (ComputePool pool = new ComputePool(threads);
        LanguageModel model = LanguageModel.load(settings.model(), pool)) {
      if (settings.longest() > model.config().contextLength()) {
        throw new IllegalArgumentException(
            "A test needs %d tokens, the model's context has %d."
                .formatted(settings.longest(), model.config().contextLength()));
      }
      progress.accept("Measuring the limits of memory and cores ...");
      MachineLimits before = MachineLimits.measure(pool, facts.bytesPerPass());
      List<EngineResult> results;
      try (var timed = new TimedModel(model, settings.longest(), settings.mostRows())) {
        if (settings.warmUp()) {
          warmUp(timed);
        }
        results = measure(timed, threads);
      }
      MachineLimits after = MachineLimits.measure(pool, facts.bytesPerPass());
      return new EngineReport.Part(threads, before.orHigher(after), results);
    }
  }

  /** All shapes before the first measurement: each of them changes what the compiler knows. */
  private void warmUp(TimedModel timed) {
    progress.accept("Warming up ...");
    settings.promptTokens().stream()
        .max(Integer::compare)
        .filter(n -> n > 0)
        .ifPresent(n -> WarmUp.settle(() -> timed.prefill(0, Math.min(n, TimedModel.CHUNK))));
    if (!settings.verifiedRows().isEmpty()) {
      for (int depth : settings.verifyDepths()) {
        timed.fill(depth);
        WarmUp.settle(() -> Arrays.stream(round(timed)).sum());
      }
    }
    for (int depth : settings.plainDepths()) {
      WarmUp.settle(() -> timed.decode(depth, WARM_UP_TOKENS));
    }
  }

  private List<EngineResult> measure(TimedModel timed, int threads) {
    List<EngineResult> results = new ArrayList<>();
    for (int depth : settings.plainDepths()) {
      for (int n : settings.promptTokens()) {
        if (n > 0) {
          results.add(prompt(timed, threads, depth, n));
        }
      }
      for (int n : settings.generatedTokens()) {
        if (n > 0) {
          results.add(generation(timed, threads, depth, n));
        }
      }
    }
    if (!settings.verifiedRows().isEmpty()) {
      for (int depth : settings.verifyDepths()) {
        results.addAll(costs(timed, threads, depth));
      }
    }
    return results;
  }

  private EngineResult prompt(TimedModel timed, int threads, int depth, int n) {
    progress.accept("pp" + n + ", " + threads + " threads ...");
    double[] seconds = repeat(() -> timed.prefill(depth, n));
    int passes = Math.ceilDiv(n, TimedModel.CHUNK);
    double operations = facts.operations(n, 1);
    return new EngineResult(
        Shape.prompt(n, depth), threads, seconds, new Work(n, passes, operations), NO_RATIO);
  }

  private EngineResult generation(TimedModel timed, int threads, int depth, int n) {
    progress.accept("tg" + n + ", " + threads + " threads ...");
    double[] seconds = repeat(() -> timed.decode(depth, n));
    double operations = facts.operations(n, n);
    return new EngineResult(
        Shape.generation(n, depth), threads, seconds, new Work(n, n, operations), NO_RATIO);
  }

  private double[] repeat(DoubleSupplier test) {
    double[] seconds = new double[settings.repetitions()];
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = test.getAsDouble();
    }
    return seconds;
  }

  /** Interleaved rounds: a slow moment of the machine meets all row counts alike. */
  private List<EngineResult> costs(TimedModel timed, int threads, int depth) {
    progress.accept("cost(k), " + threads + " threads ...");
    timed.fill(depth);
    int rounds = settings.repetitions() * ROUNDS_PER_REPETITION;
    double[][] seconds = new double[settings.verifiedRows().size()][rounds];
    double[][] ratios = new double[settings.verifiedRows().size()][rounds];
    int single = settings.verifiedRows().indexOf(1);
    for (int round = 0; round < rounds; round++) {
      double[] times = round(timed);
      for (int i = 0; i < times.length; i++) {
        seconds[i][round] = times[i];
        ratios[i][round] = times[i] / times[single];
      }
    }
    List<EngineResult> results = new ArrayList<>();
    for (int i = 0; i < seconds.length; i++) {
      int k = settings.verifiedRows().get(i);
      results.add(
          new EngineResult(
              Shape.verification(k, depth),
              threads,
              seconds[i],
              new Work(k, 1, facts.operations(k, k)),
              OptionalDouble.of(Statistics.median(ratios[i]))));
    }
    return results;
  }

  private double[] round(TimedModel timed) {
    return settings.verifiedRows().stream().mapToDouble(timed::verify).toArray();
  }
}
