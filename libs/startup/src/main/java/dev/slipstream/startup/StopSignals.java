package dev.slipstream.startup;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntConsumer;
import sun.misc.Signal;

/**
 * SIGINT and SIGTERM. The first of them asks whoever works to end. As long as nobody is served, the
 * process does not wait for that: whatever it is busy with, it is gone after a short grace. Either
 * way its status is that of a process which the signal has ended: 130 or 143.
 */
public final class StopSignals {
  /** Enough to remove what has been written half, and well below what a user waits. */
  static final Duration GRACE = Duration.ofMillis(800);

  private final CountDownLatch told = new CountDownLatch(1);
  private IntConsumer ask;
  private int status;
  private boolean serving;

  /**
   * Hears of nothing before {@link #listen}.
   *
   * @param ask called once, on a thread of its own, when the process is told to end, with the
   *     status that it is to end with
   */
  public StopSignals(IntConsumer ask) {
    this.ask = ask;
  }

  /** Takes both signals over from the JVM, for good; one that is ignored stays so. */
  public StopSignals listen() {
    for (String name : new String[] {"INT", "TERM"}) {
      Signal.handle(new Signal(name), signal -> stop(128 + signal.getNumber()));
    }
    return this;
  }

  private void stop(int exitStatus) {
    IntConsumer asked;
    synchronized (this) {
      if (status != 0) {
        return;
      }
      status = exitStatus;
      asked = ask;
      if (!serving) {
        Thread.ofPlatform().daemon().name("halt").start(() -> haltAfterGrace(exitStatus));
      }
    }
    told.countDown();
    asked.accept(exitStatus);
  }

  /** Whatever the process has started ends with it, as long as it can before it. */
  private static void haltAfterGrace(int exitStatus) {
    try {
      Thread.sleep(GRACE.dividedBy(2));
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
      Thread.sleep(GRACE.dividedBy(2));
      ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    } catch (InterruptedException e) {
      // Nobody does that.
    } finally {
      Runtime.getRuntime().halt(exitStatus);
    }
  }

  /** With what the process is to end, if it has been told to. */
  public synchronized OptionalInt status() {
    return status == 0 ? OptionalInt.empty() : OptionalInt.of(status);
  }

  /** From now on others may be served, whose answers are worth waiting for. */
  public synchronized void serving() {
    serving = true;
  }

  /** Serves others until the process is told to end, of which only this call hears. */
  public void serveUntilTold() throws InterruptedException {
    synchronized (this) {
      serving = true;
      ask = exitStatus -> {};
    }
    told.await();
  }
}
