package dev.slipstream.gateway.fake;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what must happen; the limit only ends a test that fails anyway. */
final class Waiting {
  private static final int LIMIT_SECONDS = 30;

  private Waiting() {}

  static <T> T poll(BlockingQueue<T> queue, String what) {
    try {
      T value = queue.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (value == null) {
        throw new AssertionError("waited in vain for " + what);
      }
      return value;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static <T> T get(CompletableFuture<T> future, String what) {
    try {
      return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("waited in vain for " + what);
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
