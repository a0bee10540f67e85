package dev.slipstream.target.application;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What others want of the decode loop, in the order in which they said so. Any thread sends, the
 * loop's alone takes. One that fails costs the others nothing.
 */
final class CommandQueue implements Executor {
  private static final Logger log = LoggerFactory.getLogger(CommandQueue.class);

  private final LinkedBlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
  private volatile boolean loopEnded;

  /** After the loop's end commands run at once, on the sender's thread, and find it ended. */
  @Override
  public void execute(Runnable command) {
    commands.add(command);
    if (loopEnded) {
      runAll();
    }
  }

  /** Runs what has come. */
  void runAll() {
    for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
      run(command);
    }
  }

  /** Waits for a command, however long, and runs it. */
  void awaitOne() {
    try {
      run(commands.take());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * Runs the next command, if there is one in time.
   *
   * @return whether there was
   */
  boolean awaitOne(long nanos) {
    try {
      Runnable command = commands.poll(nanos, TimeUnit.NANOSECONDS);
      if (command != null) {
        run(command);
      }
      return command != null;
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    return new IllegalStateException("the decode loop was interrupted", e);
  }

  /** Nobody takes any more. */
  void loopEnded() {
    loopEnded = true;
    runAll();
  }

  private static void run(Runnable command) {
    try {
      command.run();
    } catch (RuntimeException | Error e) {
      log.error("a command of the decode loop failed", e);
    }
  }
}
