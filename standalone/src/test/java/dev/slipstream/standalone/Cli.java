package dev.slipstream.standalone;

import dev.slipstream.startup.StopSignals;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;

/** One run of the command line. */
record Cli(int exitCode, String out, String err) {

  static Cli run(Map<String, String> variables, String... arguments) {
    return runWithInput(variables, "", arguments);
  }

  static Cli runWithInput(Map<String, String> variables, String input, String... arguments) {
    return run(
        variables, new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), arguments);
  }

  static Cli run(Map<String, String> variables, InputStream in, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine main =
        Main.commandLine(environment(variables, in))
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true));
    int exitCode = main.execute(arguments);
    return new Cli(exitCode, out.toString(), err.toString());
  }

  /** One that no signal reaches: the tests' process keeps them. */
  static Environment environment(Map<String, String> variables, InputStream in) {
    return new Environment(variables, in, new StopSignals(status -> {}));
  }
}
