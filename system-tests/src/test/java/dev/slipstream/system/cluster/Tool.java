package dev.slipstream.system.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A command-line tool as users have it: {@code kubectl}, {@code helm}.
 *
 * @param command its name and what comes before all arguments
 */
record Tool(List<String> command) {

  Tool(String... command) {
    this(List.of(command));
  }

  /** What a command printed, and its exit status. */
  record Result(int status, String out, String err) {}

  /** What the command prints on standard output; fails with all that it said if it fails. */
  String run(String... arguments) throws IOException, InterruptedException {
    return feed("", arguments);
  }

  /**
   * @param input of the command
   */
  String feed(String input, String... arguments) throws IOException, InterruptedException {
    Result result = attempt(input, arguments);
    if (result.status() != 0) {
      throw new IOException(
          String.join(" ", builder(arguments).command()) + ": " + result.out() + result.err());
    }
    return result.out().strip();
  }

  /** For commands that may fail. */
  Result attempt(String input, String... arguments) throws IOException, InterruptedException {
    Process process = builder(arguments).start();
    CompletableFuture<String> err =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return text(process.getErrorStream().readAllBytes());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String out = text(process.getInputStream().readAllBytes());
    return new Result(process.waitFor(), out, err.join());
  }

  /** Gives the command what another one prints. */
  void pipe(ProcessBuilder source, String... arguments) throws IOException, InterruptedException {
    Process last =
        ProcessBuilder.startPipeline(List.of(source, builder(arguments).redirectErrorStream(true)))
            .getLast();
    String output = text(last.getInputStream().readAllBytes());
    if (last.waitFor() != 0) {
      throw new IOException(String.join(" ", builder(arguments).command()) + ": " + output);
    }
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> all = new ArrayList<>(command);
    all.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(all);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
