package dev.slipstream.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Signals to processes. */
public final class Signals {
  private static final long SIGINT_BIT = 1 << 1;

  private Signals() {}

  /** As {@code kill} does. */
  public static void send(String signal, Process process) throws Exception {
    int code =
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    if (code != 0) {
      throw new AssertionError("kill -" + signal + " ended with " + code);
    }
  }

  /**
   * Whether processes that are started here hear of SIGINT: a shell that has put these tests into
   * the background has made them deaf to it, and so their children.
   */
  public static boolean interruptsAreHeard() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return true;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .noneMatch(ignored -> (ignored & SIGINT_BIT) != 0);
  }
}
