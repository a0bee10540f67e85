package dev.slipstream.models.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Closes a stream that has been silent for too long, which ends the read that waits for it. The
 * client's own timeout covers the response's head only.
 */
final class StallWatch implements AutoCloseable {

  private final AtomicLong signsOfLife = new AtomicLong();
  private final Thread thread;

  StallWatch(InputStream body, Duration limit) {
    thread = Thread.ofVirtual().name("stall-watch").start(() -> watch(body, limit));
  }

  /** Bytes have arrived. */
  void alive() {
    signsOfLife.incrementAndGet();
  }

  private void watch(InputStream body, Duration limit) {
    try {
      long seen;
      do {
        seen = signsOfLife.get();
        Thread.sleep(limit);
      } while (signsOfLife.get() != seen);
      body.close();
    } catch (InterruptedException | IOException e) {
      // Closed in time, or the stream is gone already: either way there is nothing left to watch.
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
