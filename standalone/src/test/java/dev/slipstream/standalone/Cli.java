package dev.slipstream.standalone;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import picocli.CommandLine;

/** One run of the command line. */
record Cli(int exitCode, String out, String err) {

  static Cli run(Map<String, String> environment, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine main =
        Main.commandLine(environment)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true));
    int exitCode = main.execute(arguments);
    return new Cli(exitCode, out.toString(), err.toString());
  }
}
