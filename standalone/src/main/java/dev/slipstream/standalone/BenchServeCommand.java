package dev.slipstream.standalone;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.standalone.bench.PromptSet;
import dev.slipstream.standalone.bench.ServeBench;
import dev.slipstream.standalone.bench.ServeReport;
import dev.slipstream.standalone.bench.ServeSettings;
import dev.slipstream.standalone.suite.Suite;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import dev.slipstream.standalone.suite.SuiteSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Loads a gateway with streaming requests, with the figures of vLLM's {@code bench serve}. */
@Command(
    name = "serve",
    description = {
      "Load a server with streaming chat requests, with and without speculation in alternation.",
      "Figures are those of vLLM's 'bench serve'. Starts a suite, or takes any OpenAI-compatible"
          + " server with --address (then --speculation auto, unless it is Slipstream)."
    })
final class BenchServeCommand implements Callable<Integer> {

  private static final Duration START_LIMIT = Duration.ofMinutes(10);

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private Threads threads;
  @Mixin private ReportOptions reporting;

  @Option(
      names = "--address",
      paramLabel = "URL",
      description = "Load the server at this HTTP address instead of starting a suite.")
  private @Nullable URI address;

  @Mixin private ApiKeyOption apiKey;

  @Option(
      names = "--topology",
      paramLabel = "WHERE",
      defaultValue = "embedded",
      description =
          "${COMPLETION-CANDIDATES}: the suite to start is in this JVM, or in processes of its own"
              + " (default: ${DEFAULT-VALUE}).")
  private Topology topology;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,4,8",
      description = "Requests under way at a time (default: ${DEFAULT-VALUE}).")
  private List<Integer> concurrency;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "12",
      description = "Requests of one round (default: ${DEFAULT-VALUE}).")
  private int requests;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Rounds with each kind of speculation (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Longest answer, in tokens (default: ${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(
      names = "--prompts",
      paramLabel = "SET",
      defaultValue = "chat",
      description =
          "chat (open questions), copy (answers that repeat much of the question), or a file with"
              + " a JSON object with a string 'prompt' in each line (default: ${DEFAULT-VALUE}).")
  private String prompts;

  @Option(
      names = "--speculation",
      paramLabel = "MODE",
      split = ",",
      defaultValue = "off,auto",
      description = "${COMPLETION-CANDIDATES}, or both (default: ${DEFAULT-VALUE}).")
  private List<ServeSettings.Mode> speculation;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 to 2 (default: ${DEFAULT-VALUE}).")
  private float temperature;

  BenchServeCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    requireAtLeastOne("--concurrency", concurrency);
    requireAtLeastOne("--requests", List.of(requests));
    requireAtLeastOne("--rounds", List.of(rounds));
    requireAtLeastOne("--max-tokens", List.of(maxTokens));
    threads.count();
    var settings =
        new ServeSettings(
            PromptSet.load(prompts),
            concurrency,
            requests,
            rounds,
            speculation.stream().distinct().toList(),
            maxTokens,
            temperature,
            reporting.warmUp());
    if (address != null) {
      for (String local : List.of("--model", "--offline", "--threads", "--topology")) {
        if (spec.commandLine().getParseResult().hasMatchedOption(local)) {
          throw new ParameterException(
              spec.commandLine(),
              local + " is for a suite of one's own; with --address leave it out.");
        }
      }
      return report(ServeBench.run(address, apiKey.key(), settings, this::say));
    }
    Logging.quiet();
    CacheDirectory home = environment.home();
    SuiteConfiguration configuration =
        SuiteConfiguration.check(topology.form(), environment.variables(), Map.of());
    var suiteSettings =
        new SuiteSettings(
            configuration,
            model.resolve(configuration, environment, spec.commandLine().getErr()),
            threads.count(configuration),
            Optional.of(new SuiteSettings.Network("127.0.0.1", 0, 0)),
            home,
            Map.of());
    try (Suite suite = topology.start(suiteSettings, this::say)) {
      SuiteReadiness.await(suite, START_LIMIT);
      return report(
          ServeBench.run(suite.httpAddress().orElseThrow(), apiKey.key(), settings, this::say));
    }
  }

  private int report(ServeReport report) throws IOException {
    reporting.write(report::write, report::chart);
    report.failures().forEach(reason -> say("Failed: " + reason));
    return report.failures().isEmpty() ? 0 : 1;
  }

  private void say(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(message);
    err.flush();
  }

  private void requireAtLeastOne(String option, List<Integer> values) {
    if (values.stream().anyMatch(value -> value < 1)) {
      throw new ParameterException(spec.commandLine(), option + " must be at least 1.");
    }
  }
}
