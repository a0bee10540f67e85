package dev.slipstream.standalone;

import dev.slipstream.standalone.bench.EngineBench;
import dev.slipstream.standalone.bench.EngineReport;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Times the engine alone, with llama-bench's options and columns. */
@Command(
    name = "bench",
    subcommands = BenchServeCommand.class,
    description = {
      "Time the engine: prompts (pp), generation (tg), and verification passes over k rows (vk).",
      "Options and columns are those of llama-bench; docs/benchmarks.md explains the further ones."
    })
final class BenchCommand implements Callable<Integer> {

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private ReportOptions reporting;

  @Option(
      names = {"-p", "--n-prompt"},
      paramLabel = "N",
      split = ",",
      defaultValue = "512",
      description = "Lengths of prompts, 0 for none (default: ${DEFAULT-VALUE}).")
  private List<Integer> prompts;

  @Option(
      names = {"-n", "--n-gen"},
      paramLabel = "N",
      split = ",",
      defaultValue = "128",
      description = "Lengths of generated texts, 0 for none (default: ${DEFAULT-VALUE}).")
  private List<Integer> generations;

  @Option(
      names = {"-k", "--n-verify"},
      paramLabel = "K",
      split = ",",
      defaultValue = "1,2,3,4,6,8,16",
      description = "Rows of verification passes, 0 for none (default: ${DEFAULT-VALUE}).")
  private List<Integer> verifications;

  @Option(
      names = {"-d", "--n-depth"},
      paramLabel = "N",
      split = ",",
      description = "Tokens in the cache before each test (default: 0, and 128 for -k).")
  private List<Integer> depths = List.of();

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      split = ",",
      description = "Threads that compute (default: one for each processor).")
  private @Nullable List<Integer> threads;

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "N",
      defaultValue = "5",
      description = "How often each test is run (default: ${DEFAULT-VALUE}).")
  private int repetitions;

  BenchCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    requireAtLeast(0, "-p", prompts);
    requireAtLeast(0, "-n", generations);
    requireAtLeast(0, "-k", verifications);
    requireAtLeast(0, "-d", depths);
    requireAtLeast(1, "-r", List.of(repetitions));
    List<Integer> pools =
        threads == null ? List.of(Runtime.getRuntime().availableProcessors()) : threads;
    requireAtLeast(1, "-t", pools);
    if (reporting.draws() && rowCounts().isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--svg draws what -k measures.");
    }
    PrintWriter err = spec.commandLine().getErr();
    var file = model.resolve(environment, err).file();
    Logging.quiet();
    var settings =
        new EngineBench.Settings(
            file,
            prompts,
            generations,
            rowCounts(),
            depths,
            pools,
            repetitions,
            reporting.warmUp());
    EngineReport report =
        EngineBench.run(
            settings,
            message -> {
              err.println(message);
              err.flush();
            });
    reporting.write(report::write, report::chart);
    return 0;
  }

  /** With one row among them, since the others are compared with it. */
  private List<Integer> rowCounts() {
    List<Integer> rows = new ArrayList<>(verifications.stream().filter(k -> k > 0).toList());
    if (!rows.isEmpty() && !rows.contains(1)) {
      rows.addFirst(1);
    }
    return rows;
  }

  private void requireAtLeast(int least, String option, List<Integer> values) {
    if (values.stream().anyMatch(value -> value < least)) {
      throw new ParameterException(
          spec.commandLine(), option + " must not be below " + least + ".");
    }
  }
}
