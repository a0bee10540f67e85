package dev.slipstream.text.jinja;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waits for what ends in a moment, unless a limit is lost: then the test fails soon, instead of
 * never. What has not ended cannot be stopped, so that nothing is begun after it.
 */
final class Ending {
  private static final int SECONDS = 10;
  private static final long ORDINARY = 0;

  /** The stack that is left when a request is prepared may be small. */
  static final long SMALL = 512 << 10;

  private boolean endless;

  <T> T of(Callable<T> work) throws Throwable {
    return of(work, ORDINARY);
  }

  /**
   * @param stack in bytes
   */
  <T> T of(Callable<T> work, long stack) throws Throwable {
    assumeFalse(endless, "skipped: another template has not ended, and is at work still");
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(null, task, "rendering", stack);
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause();
    } catch (TimeoutException e) {
      endless = true;
      throw new AssertionError("has not ended within " + SECONDS + " s", e);
    }
  }
}
