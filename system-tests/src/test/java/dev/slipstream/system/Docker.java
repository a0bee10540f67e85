package dev.slipstream.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Docker's command line, as users have it. Testcontainers would bring helper images of its own,
 * which are not to be had everywhere.
 *
 * @param environment for the commands, besides this process's
 */
record Docker(Map<String, String> environment) {

  /** What {@code docker arguments} prints; fails with its output if it fails. */
  String run(List<String> arguments) throws IOException, InterruptedException {
    return finish(builder(arguments).start(), arguments);
  }

  String run(String... arguments) throws IOException, InterruptedException {
    return run(List.of(arguments));
  }

  /** Feeds a directory's file to a command, as a tar. */
  void send(Path directory, String file, List<String> arguments)
      throws IOException, InterruptedException {
    ProcessBuilder tar = new ProcessBuilder("tar", "-C", directory.toString(), "-ch", file);
    List<Process> both = ProcessBuilder.startPipeline(List.of(tar, builder(arguments)));
    finish(both.getLast(), arguments);
  }

  private ProcessBuilder builder(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return builder;
  }

  private static String finish(Process process, List<String> arguments)
      throws IOException, InterruptedException {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
      throw new IOException("docker " + String.join(" ", arguments) + ": " + output);
    }
    return output.strip();
  }
}
