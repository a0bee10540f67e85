package dev.slipstream.standalone;

import dev.slipstream.standalone.suite.Service;
import dev.slipstream.startup.Spelling;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What is looked at before any command does anything. */
record Precautions(Environment environment) {
  private static final String OURS = "SLIPSTREAM_";

  /** Read by the launcher, by the catalogue and by the tests. */
  private static final List<String> OTHERS =
      List.of("SLIPSTREAM_HOME", "SLIPSTREAM_OFFLINE", "SLIPSTREAM_JAVA_OPTS", "SLIPSTREAM_GOLDEN");

  private static final char UNREADABLE = '\uFFFD';

  int run(ParseResult parsed) {
    CommandLine main = parsed.commandSpec().commandLine();
    refuseUnreadable(parsed.originalArgs(), main);
    warnOfUnread(main);
    return new CommandLine.RunLast().execute(parsed);
  }

  /** Bytes that the JVM could not read would be sent as U+FFFD, as if that had been meant. */
  private void refuseUnreadable(List<String> arguments, CommandLine main) {
    Stream<String> variables =
        environment.variables().entrySet().stream()
            .filter(variable -> variable.getKey().startsWith(OURS))
            .map(variable -> variable.getKey() + "=" + variable.getValue());
    Stream.concat(arguments.stream(), variables)
        .filter(text -> text.indexOf(UNREADABLE) >= 0)
        .findFirst()
        .ifPresent(
            text -> {
              throw new ParameterException(
                  main, "'%s' is not valid in %s.".formatted(text, encoding()));
            });
  }

  private static String encoding() {
    String encoding = System.getProperty("sun.jnu.encoding");
    return encoding.equals("UTF-8")
        ? encoding
        : encoding + ", which this locale stands for: set LC_ALL=C.UTF-8";
  }

  /** Those of the services are for the services to judge. */
  private void warnOfUnread(CommandLine main) {
    Set<String> known = new TreeSet<>(OTHERS);
    addOptions(main.getCommandSpec(), known);
    List<String> roles =
        Stream.of(Service.values())
            .map(service -> OURS + service.name().toUpperCase(Locale.ROOT) + "_")
            .toList();
    PrintWriter err = main.getErr();
    environment.variables().keySet().stream()
        .filter(name -> name.startsWith(OURS) && !known.contains(name))
        .filter(name -> roles.stream().noneMatch(name::startsWith))
        .sorted()
        .forEach(
            name ->
                err.println(
                    name
                        + " is set, but nothing reads it"
                        + Spelling.nearest(name, known)
                            .map("; did you mean %s?"::formatted)
                            .orElse(".")));
    err.flush();
  }

  private static void addOptions(CommandSpec command, Set<String> variables) {
    command.options().forEach(option -> variables.add(Environment.variableOf(option)));
    command
        .subcommands()
        .values()
        .forEach(subcommand -> addOptions(subcommand.getCommandSpec(), variables));
  }
}
