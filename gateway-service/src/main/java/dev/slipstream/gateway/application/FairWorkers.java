package dev.slipstream.gateway.application;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/**
 * Threads that make tokens of requests, shared fairly by callers: self-clocked fair queueing (S.
 * Golestani, "A self-clocked fair queueing scheme for broadband applications", INFOCOM 1994), with
 * bytes for the length of a packet. Every piece of work has a finish tag: that of its caller's work
 * before it, or of what was begun last if that is later, plus its bytes. The lowest tag goes first.
 * So a short prompt waits for hardly more than what is being done already, however many long ones
 * another caller has sent; and long ones have a tag that stays and that new work cannot get below
 * for ever.
 *
 * <p>What is begun is not interrupted. So one thread, if there are several, is kept free of long
 * work. Thread-safe.
 */
public final class FairWorkers implements AutoCloseable {
  /** Bytes from which on work is long: some ten milliseconds. */
  private static final long LONG = 64 << 10;

  private final Executor executor;
  private final int mostLong;
  private final Defects defects;
  private final TreeSet<Work> brief = new TreeSet<>(Work.ORDER);
  private final TreeSet<Work> lengthy = new TreeSet<>(Work.ORDER);
  private final Map<String, Long> lastTags = new HashMap<>();
  private long clock;
  private long arrivals;
  private int longRunning;
  private boolean closed;

  private record Work(
      long tag, long arrival, boolean isLong, Runnable run, Consumer<ApiError> refuse) {
    static final Comparator<Work> ORDER =
        Comparator.comparingLong(Work::tag).thenComparingLong(Work::arrival);
  }

  /**
   * @param executor has the threads; is not closed
   * @param threads how many it has
   */
  public FairWorkers(Executor executor, int threads, Defects defects) {
    this.executor = executor;
    this.mostLong = Math.max(1, threads - 1);
    this.defects = defects;
  }

  /**
   * Does work when it is its caller's turn. Cancelling takes it out of the queue.
   *
   * @param bytes of the request; what the work costs grows with them
   */
  <T> Mono<T> run(Caller caller, long bytes, Callable<T> work) {
    return Mono.create(
        sink -> {
          Runnable run =
              () -> {
                T result;
                try {
                  result = work.call();
                } catch (Exception e) {
                  sink.error(e);
                  return;
                } catch (Error e) {
                  sink.error(defects.failure("the preparation of a request", e));
                  return;
                }
                sink.success(result);
              };
          Work queued =
              enqueue(caller.name(), bytes, run, error -> sink.error(new ApiException(error)));
          sink.onCancel(() -> remove(queued));
          wake(queued);
        });
  }

  /** Work that waits for a thread. */
  synchronized int waiting() {
    return brief.size() + lengthy.size();
  }

  private synchronized Work enqueue(
      String caller, long bytes, Runnable run, Consumer<ApiError> refuse) {
    if (waiting() == 0) {
      // Whatever callers had before them is begun: nobody is ahead of anybody.
      lastTags.clear();
    }
    long tag = Math.max(clock, lastTags.getOrDefault(caller, 0L)) + bytes + 1;
    lastTags.put(caller, tag);
    Work queued = new Work(tag, arrivals++, bytes >= LONG, run, refuse);
    queue(queued).add(queued);
    return queued;
  }

  private TreeSet<Work> queue(Work work) {
    return work.isLong() ? lengthy : brief;
  }

  private synchronized void remove(Work work) {
    queue(work).remove(work);
  }

  private void wake(Work queued) {
    try {
      executor.execute(this::work);
    } catch (RejectedExecutionException e) {
      remove(queued);
      queued.refuse().accept(leaving());
    }
  }

  /** Works until there is nothing that may be begun; whoever ends long work looks again. */
  private void work() {
    for (Work next = take(); next != null; next = take()) {
      try {
        next.run().run();
      } catch (RuntimeException | Error e) {
        defects.failure("what follows the preparation of a request", e);
      } finally {
        done(next);
      }
    }
  }

  private synchronized Work take() {
    if (closed) {
      return null;
    }
    boolean room = longRunning < mostLong && !lengthy.isEmpty();
    boolean longFirst =
        room && (brief.isEmpty() || Work.ORDER.compare(lengthy.first(), brief.first()) < 0);
    Work next = longFirst ? lengthy.pollFirst() : brief.pollFirst();
    if (next != null) {
      clock = Math.max(clock, next.tag());
      longRunning += next.isLong() ? 1 : 0;
    }
    return next;
  }

  private synchronized void done(Work work) {
    longRunning -= work.isLong() ? 1 : 0;
  }

  /** What waits is refused; what is being done is not interrupted. */
  @Override
  public void close() {
    TreeSet<Work> left;
    synchronized (this) {
      closed = true;
      left = new TreeSet<>(brief);
      left.addAll(lengthy);
      brief.clear();
      lengthy.clear();
    }
    left.forEach(work -> work.refuse().accept(leaving()));
  }

  private static ApiError leaving() {
    return new ApiError.Unavailable("The gateway is shutting down.");
  }
}
