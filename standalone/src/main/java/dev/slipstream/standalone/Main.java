package dev.slipstream.standalone;

import dev.slipstream.engine.quantization.TargetFormat;
import dev.slipstream.standalone.bench.OutputFormat;
import dev.slipstream.standalone.bench.ServeSettings;
import dev.slipstream.startup.StopSignals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/**
 * The {@code slipstream} command. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143 ended by
 * SIGINT and SIGTERM.
 */
@Command(
    name = "slipstream",
    description = "Serves language models with speculative decoding on CPUs.",
    subcommands = {
      ChatCommand.class,
      ServeCommand.class,
      BenchCommand.class,
      PullCommand.class,
      ModelsCommand.class,
      TokenizeCommand.class,
      KeyCommand.class,
      QuantizeCommand.class,
      PerplexityCommand.class,
      CommandLine.HelpCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    usageHelpAutoWidth = true,
    footer = {
      "",
      "Every option can be given as an environment variable too: --max-tokens is"
          + " SLIPSTREAM_MAX_TOKENS.",
      "SLIPSTREAM_HOME is the directory that everything is written to (default: slipstream in the"
          + " XDG cache directory)."
    })
public final class Main {

  /** What the jar says it is. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"slipstream " + (version == null ? "(not packaged)" : version)};
    }
  }

  private Main() {}

  public static void main(String[] args) {
    Thread main = Thread.currentThread();
    StopSignals stop = new StopSignals(signalled -> main.interrupt()).listen();
    int status = commandLine(new Environment(System.getenv(), System.in, stop)).execute(args);
    status = stop.status().orElse(status);
    if (status == 0) {
      markSuccess();
    }
    System.exit(status);
  }

  /** For the launcher, which does not see how the process ends that it has become. */
  private static void markSuccess() {
    String mark = System.getProperty("slipstream.answered");
    if (mark != null) {
      try {
        Files.createFile(Path.of(mark));
      } catch (IOException e) {
        // Then it prepares nothing for the next start, which is no reason to fail.
      }
    }
  }

  /** The whole command line, with option defaults from the environment. */
  static CommandLine commandLine(Environment environment) {
    CommandLine command = new CommandLine(new Main(), new CommandFactory(environment));
    LowerCaseNames.register(
        command,
        List.of(OutputFormat.class, Topology.class, ServeSettings.Mode.class, TargetFormat.class));
    return command
        .setDefaultValueProvider(environment)
        .setExecutionStrategy(parsed -> new Precautions(environment).run(parsed))
        .setParameterExceptionHandler(Errors::wrongUsage)
        .setExecutionExceptionHandler(new Errors(environment.stop())::failed);
  }

  /** Gives commands the environment they ask for in their constructor. */
  private record CommandFactory(Environment environment) implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      try {
        return type.getDeclaredConstructor(Environment.class).newInstance(environment);
      } catch (NoSuchMethodException e) {
        return CommandLine.defaultFactory().create(type);
      }
    }
  }
}
