package dev.slipstream.standalone.flow;

import dev.slipstream.standalone.Main;
import dev.slipstream.standalone.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command, or a service, as a process of its own, which can be told to end. */
final class CommandProcess implements AutoCloseable {
  private final Process process;
  private final Path out;
  private final Path err;

  private CommandProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * @param home for everything that it writes
   */
  static CommandProcess start(Path home, Map<String, String> variables, String... arguments)
      throws IOException {
    return start(home, variables, Main.class, arguments);
  }

  static CommandProcess start(
      Path home, Map<String, String> variables, Class<?> main, String... arguments)
      throws IOException {
    Path out = Files.createTempFile(home, "out", ".txt");
    Path err = Files.createTempFile(home, "err", ".txt");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xlog:disable",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    var builder =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("SLIPSTREAM_HOME", home.resolve("home").toString());
    builder.environment().putAll(variables);
    return new CommandProcess(builder.start(), out, err);
  }

  void signal(String name) throws Exception {
    Signals.send(name, process);
  }

  /** Its status; a test that fails if it takes longer than {@code seconds}. */
  int status(long seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      throw new AssertionError("still there after " + seconds + " s");
    }
    return process.exitValue();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  List<ProcessHandle> descendants() {
    return process.descendants().toList();
  }

  /** Whether one of its threads, or of its children's, is in a method of that name. */
  boolean isIn(String method) throws Exception {
    List<ProcessHandle> all = new ArrayList<>(descendants());
    all.add(process.toHandle());
    for (ProcessHandle one : all) {
      if (threads(one.pid()).contains(method)) {
        return true;
      }
    }
    return false;
  }

  private static String threads(long pid) throws Exception {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid),
                "Thread.print")
            .redirectErrorStream(true)
            .start();
    String threads = new String(jcmd.getInputStream().readAllBytes());
    jcmd.waitFor();
    return threads;
  }

  String out() throws IOException {
    return Files.readString(out);
  }

  /** Without what the JVM itself says. */
  String err() throws IOException {
    return Files.readString(err).replaceAll("(?m)^WARNING: Using incubator modules.*\\R", "");
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
  }
}
