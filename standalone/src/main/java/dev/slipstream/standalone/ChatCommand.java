package dev.slipstream.standalone;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.standalone.bench.ServeSettings;
import dev.slipstream.standalone.chat.AnswerStatistics;
import dev.slipstream.standalone.chat.ChatOptions;
import dev.slipstream.standalone.chat.Conversation;
import dev.slipstream.standalone.chat.Repl;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.standalone.suite.SuiteSettings;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Answers one question, or holds a conversation, with the suite in this JVM. */
@Command(
    name = "chat",
    description = {
      "Answer a question, or hold a conversation if none is given.",
      "The answer goes to standard output, everything else to standard error."
    })
final class ChatCommand implements Callable<Integer> {

  private static final Duration START_LIMIT = Duration.ofMinutes(5);
  private static final Duration ADDRESS_LIMIT = Duration.ofSeconds(10);

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private Threads threads;

  @Parameters(
      paramLabel = "QUESTION",
      arity = "0..*",
      description = "What to ask; several words are joined by spaces.")
  private List<String> question = List.of();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "Instructions that precede the conversation.")
  private @Nullable String system;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 to 2; 0 always takes the likeliest token (default: ${DEFAULT-VALUE}).")
  private float temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Makes answers at temperatures above 0 repeatable.")
  private @Nullable Long seed;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Longest answer, in tokens (default: until the model stops).")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--speculation",
      paramLabel = "MODE",
      defaultValue = "auto",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private ServeSettings.Mode speculation;

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      description = "Ask the gateway at this gRPC address instead of starting a suite.")
  private @Nullable String address;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "Use TLS for --address, and trust the authorities in this PEM file.")
  private @Nullable Path authorities;

  @Mixin private ApiKeyOption apiKey;

  ChatCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    ChatOptions options = options();
    Logging.quiet();
    if (address != null) {
      for (String local : List.of("--model", "--offline", "--threads")) {
        require(
            !spec.commandLine().getParseResult().hasMatchedOption(local),
            local + " is for a suite of one's own; with --address leave it out");
      }
      ManagedChannel channel =
          GatewayChannel.open(address, Optional.ofNullable(authorities), apiKey.key());
      try {
        SuiteReadiness.await(channel, "The gateway at " + address, ADDRESS_LIMIT, Optional::empty);
        return converse(channel, options);
      } finally {
        channel.shutdownNow();
      }
    }
    PrintWriter err = spec.commandLine().getErr();
    CacheDirectory home = environment.home();
    SuiteConfiguration configuration =
        SuiteConfiguration.check(Form.PRIVATE, environment.variables(), Map.of());
    var settings =
        new SuiteSettings(
            configuration,
            model.resolve(configuration, environment, err),
            threads.count(configuration),
            Optional.empty(),
            home,
            Map.of());
    try (EmbeddedSuite suite = EmbeddedSuite.start(settings)) {
      SuiteReadiness.await(suite, START_LIMIT);
      ManagedChannel channel = suite.gateway();
      try {
        return converse(channel, options);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private ChatOptions options() {
    require(temperature >= 0 && temperature <= 2, "--temperature must be between 0 and 2");
    require(maxTokens == null || maxTokens >= 1, "--max-tokens must be at least 1");
    threads.count();
    return new ChatOptions(
        temperature,
        maxTokens == null ? OptionalInt.empty() : OptionalInt.of(maxTokens),
        seed == null ? OptionalLong.empty() : OptionalLong.of(seed),
        speculation == ServeSettings.Mode.AUTO);
  }

  private void require(boolean condition, String message) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), message + ".");
    }
  }

  private int converse(ManagedChannel channel, ChatOptions options) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    var conversation = new Conversation(channel, options, Optional.ofNullable(system));
    if (question.isEmpty()) {
      new Repl(conversation, environment.in(), out, err)
          .run(environment.home().root().resolve("history"));
      return 0;
    }
    Optional<AnswerStatistics> statistics =
        conversation.ask(
            String.join(" ", question),
            text -> {
              out.print(text);
              out.flush();
            });
    out.println();
    statistics.ifPresent(told -> err.println("[" + told.line() + "]"));
    return 0;
  }
}
