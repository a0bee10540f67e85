package dev.slipstream.standalone.suite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One service as a process that is started again, with growing waits, when it ends by itself. */
final class ManagedProcess {

  private static final Path SHELL = Path.of("/bin/sh");
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final Duration RAN_WELL = Duration.ofMinutes(1);

  private final String name;
  private final List<String> command;
  private final Path log;
  private final Consumer<String> messages;
  private final Thread supervisor;
  private Process process;
  private boolean stopping;
  private @Nullable String end;

  /**
   * Starts it.
   *
   * @param log file that its output is appended to
   * @param messages told when it ends and starts again
   */
  ManagedProcess(String name, List<String> command, Path log, Consumer<String> messages)
      throws IOException {
    this.name = name;
    this.command = command;
    this.log = log;
    this.messages = messages;
    this.process = spawn();
    this.supervisor = Thread.ofVirtual().name("supervise-" + name).start(this::supervise);
  }

  private Process spawn() throws IOException {
    return new ProcessBuilder(deafToInterrupts(command))
        .redirectInput(ProcessBuilder.Redirect.from(nothing()))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  /**
   * A terminal's Ctrl-C reaches all processes at once, but a service may end only after those that
   * ask it; {@link #stop} tells it. What a shell ignores, the program it becomes ignores too.
   */
  private static List<String> deafToInterrupts(List<String> command) {
    if (!Files.isExecutable(SHELL)) {
      return command;
    }
    List<String> deaf = new ArrayList<>();
    deaf.addAll(List.of(SHELL.toString(), "-c", "trap '' INT; exec \"$0\" \"$@\""));
    deaf.addAll(command);
    return deaf;
  }

  private static java.io.File nothing() {
    return new java.io.File(java.io.File.separatorChar == '\\' ? "NUL" : "/dev/null");
  }

  synchronized long pid() {
    return process.pid();
  }

  synchronized boolean isAlive() {
    return process.isAlive();
  }

  /** How it ended the last time, if it ever ended by itself. */
  synchronized Optional<String> end() {
    return Optional.ofNullable(end);
  }

  private void supervise() {
    try {
      Duration wait = FIRST_WAIT;
      while (true) {
        long started = System.nanoTime();
        int code = current().waitFor();
        boolean ranWell = System.nanoTime() - started >= RAN_WELL.toNanos();
        wait = ranWell ? FIRST_WAIT : wait;
        if (!announceEnd(code, wait)) {
          return;
        }
        Thread.sleep(wait);
        wait =
            wait.multipliedBy(2).compareTo(LONGEST_WAIT) < 0 ? wait.multipliedBy(2) : LONGEST_WAIT;
        restart();
      }
    } catch (InterruptedException e) {
      // Stopped on purpose.
    } catch (IOException e) {
      messages.accept(name + " cannot be started again: " + e.getMessage());
    }
  }

  private synchronized Process current() {
    return process;
  }

  private synchronized boolean announceEnd(int code, Duration wait) {
    if (!stopping) {
      end = "%s (pid %d) ended with code %d, see %s".formatted(name, process.pid(), code, log);
      messages.accept(end + "; starting it again in " + wait.toSeconds() + " s");
    }
    return !stopping;
  }

  private synchronized void restart() throws IOException {
    if (!stopping) {
      process = spawn();
      messages.accept(name + " started again, pid " + process.pid());
    }
  }

  /** From now on its end is nothing to talk about. */
  synchronized void expectEnd() {
    stopping = true;
  }

  /** Asks it to end, without waiting for it. */
  synchronized void askToEnd() {
    stopping = true;
    process.destroy();
  }

  /** Asks it to end, and makes it end when it takes longer than {@code patience}. */
  void stop(Duration patience) {
    Process last;
    synchronized (this) {
      stopping = true;
      last = process;
    }
    supervisor.interrupt();
    last.destroy();
    try {
      if (!last.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        last.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      last.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
