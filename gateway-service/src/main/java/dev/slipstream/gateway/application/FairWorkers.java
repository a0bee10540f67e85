package dev.slipstream.gateway.application;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
 * work. The queue is bounded, and one caller gets half of it, so that others always find room.
 * Thread-safe.
 */
public final class FairWorkers implements AutoCloseable {
  /** Bytes from which on work is long: some ten milliseconds. */
  private static final long LONG = 64 << 10;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Executor executor;
  private final int mostLong;
  private final int mostWaiting;
  private final Defects defects;
  private final GatewayMetrics metrics;
  private final TreeSet<Work> brief = new TreeSet<>(Work.ORDER);
  private final TreeSet<Work> lengthy = new TreeSet<>(Work.ORDER);

  /** Callers that have work waiting. */
  private final Map<String, Flow> flows = new HashMap<>();

  private long clock;
  private long arrivals;
  private int longRunning;
  private boolean closed;

  private static final class Flow {
    long lastTag;
    int waiting;
  }

  private record Work(
      String caller,
      long tag,
      long arrival,
      boolean isLong,
      Runnable run,
      Consumer<ApiError> refuse) {
    static final Comparator<Work> ORDER =
        Comparator.comparingLong(Work::tag).thenComparingLong(Work::arrival);
  }

  /**
   * @param executor has the threads; is not closed
   * @param threads how many it has
   * @param mostWaiting work that may wait for them, at least 1
   */
  public FairWorkers(
      Executor executor, int threads, int mostWaiting, Defects defects, GatewayMetrics metrics) {
    this.executor = executor;
    this.mostLong = Math.max(1, threads - 1);
    this.mostWaiting = mostWaiting;
    this.defects = defects;
    this.metrics = metrics;
    metrics.watchPrompts(this);
  }

  /**
   * Does work when it is its caller's turn, or fails with {@link ApiError.Busy}. Cancelling takes
   * it out of the queue.
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
    if (closed) {
      throw new ApiException(leaving());
    }
    Flow flow = flows.getOrDefault(caller, new Flow());
    if (waiting() >= mostWaiting || flow.waiting >= Math.max(1, mostWaiting / 2)) {
      metrics.refused();
      throw new ApiException(
          new ApiError.Busy("Too many prompts are waiting to be tokenised.", RETRY_AFTER));
    }
    flow.lastTag = Math.max(clock, flow.lastTag) + bytes + 1;
    flow.waiting++;
    flows.put(caller, flow);
    Work queued = new Work(caller, flow.lastTag, arrivals++, bytes >= LONG, run, refuse);
    queue(queued).add(queued);
    return queued;
  }

  private TreeSet<Work> queue(Work work) {
    return work.isLong() ? lengthy : brief;
  }

  private synchronized void remove(Work work) {
    if (queue(work).remove(work)) {
      left(work);
    }
  }

  /** Nothing is known any more of a caller that has nothing waiting: it is behind nobody. */
  private void left(Work work) {
    flows.computeIfPresent(work.caller(), (name, flow) -> --flow.waiting == 0 ? null : flow);
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

  private synchronized @Nullable Work take() {
    if (closed) {
      return null;
    }
    boolean room = longRunning < mostLong && !lengthy.isEmpty();
    boolean longFirst =
        room && (brief.isEmpty() || Work.ORDER.compare(lengthy.first(), brief.first()) < 0);
    Work next = longFirst ? lengthy.pollFirst() : brief.pollFirst();
    if (next != null) {
      left(next);
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
      flows.clear();
    }
    left.forEach(work -> work.refuse().accept(leaving()));
  }

  private static ApiError leaving() {
    return new ApiError.Unavailable("The gateway is shutting down.");
  }
}
