package dev.slipstream.engine.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of platform threads for model computation. A forward pass is one {@link #run}, with a
 * barrier between its steps: a step takes microseconds, so workers wait for each other by spinning;
 * they give the core away when a wait gets long, since a neighbour may hold the core that the last
 * worker needs.
 */
public final class ComputePool implements AutoCloseable {
  /** What every worker executes; worker 0 is the thread that called {@link #run}. */
  @FunctionalInterface
  public interface Task {
    void run(Worker worker);
  }

  /**
   * Longer than workers wait for each other on cores of their own. Where they have none, spinning
   * longer takes the time of the very worker that is waited for: twenty times as many spins made
   * decoding on a busy machine nine times slower.
   */
  private static final int SPINS = 1_000;

  private static final int YIELDS = 2_000;

  /** A yield that takes longer has let a neighbour compute. */
  private static final long SLOW_YIELD_NANOS = 1_000_000;

  /** More of them in one task mean that every core has a neighbour, and none is free to go to. */
  private static final int SLOW_YIELDS = 8;

  /** Waits after which a worker looks again whether its core is still crowded; some passes. */
  private static final int CROWDED_WAITS = 1_000;

  private static final int SCRATCH_ARRAYS = 4;
  private static final int SCRATCH_MEMORIES = 3;
  private static final int CACHE_LINE = 64;
  private static final long NAP_NANOS = 50_000;

  /** Between tasks. */
  private static final Task NOTHING = worker -> {};

  private final Worker[] workers;
  private final Thread[] threads;
  private final boolean[] asleep;
  private final int spins;
  private final ReentrantLock turn = new ReentrantLock();
  private final AtomicInteger arrived = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile int phase;
  private volatile long epoch;
  private volatile boolean closed;
  private Task task = NOTHING;
  private @Nullable Thread caller;

  /**
   * @param threads workers in all, the caller of {@link #run} included; at least 1
   */
  public ComputePool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a pool needs at least 1 thread, not " + threads);
    }
    this.workers = new Worker[threads];
    this.threads = new Thread[threads];
    this.asleep = new boolean[threads];
    // Spinning for a worker that has no core of its own only keeps it from running.
    this.spins = threads <= Runtime.getRuntime().availableProcessors() ? SPINS : 1;
    for (int i = 0; i < threads; i++) {
      workers[i] = new Worker(i);
    }
    for (int i = 1; i < threads; i++) {
      Worker worker = workers[i];
      this.threads[i] =
          Thread.ofPlatform().daemon().name("compute-" + i).start(() -> serve(worker));
    }
  }

  /** Number of workers. */
  public int threads() {
    return workers.length;
  }

  /**
   * Runs the task once on every worker and returns when all have ended. Calls from several threads
   * take turns. When a worker throws, workers that wait at a barrier stop, and the first exception
   * is thrown here; the pool stays usable.
   *
   * @throws IllegalStateException if the pool is closed, or when called from within a task
   */
  public void run(Task task) {
    if (turn.isHeldByCurrentThread() || Arrays.asList(threads).contains(Thread.currentThread())) {
      throw new IllegalStateException("a task cannot run another task on its own pool");
    }
    turn.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the compute pool is closed");
      }
      this.task = task;
      this.caller = Thread.currentThread();
      arrived.set(0);
      failure.set(null);
      running.set(workers.length);
      epoch++;
      wake();
      execute(workers[0]);
      for (int i = 0; running.get() != 0; i = workers[0].pause(i)) {}
      this.task = NOTHING;
      this.caller = null;
      rethrow(failure.get());
    } finally {
      turn.unlock();
    }
  }

  /** Ends the threads; waits for a running task. */
  @Override
  public void close() {
    turn.lock();
    try {
      closed = true;
      epoch++;
      wake();
    } finally {
      turn.unlock();
    }
  }

  private void wake() {
    for (int i = 1; i < workers.length; i++) {
      boolean sleeping;
      synchronized (workers[i]) {
        sleeping = asleep[i];
      }
      if (sleeping) {
        LockSupport.unpark(threads[i]);
      }
    }
  }

  private void serve(Worker worker) {
    long seen = 0;
    while (true) {
      awaitEpochAfter(seen, worker);
      if (closed) {
        return;
      }
      seen = epoch;
      execute(worker);
    }
  }

  private void awaitEpochAfter(long seen, Worker worker) {
    for (int i = 0; i < spins + YIELDS; i = worker.pause(i)) {
      if (epoch != seen) {
        return;
      }
    }
    sleeping(worker, true);
    while (epoch == seen) {
      LockSupport.park(this);
    }
    sleeping(worker, false);
  }

  private void sleeping(Worker worker, boolean value) {
    synchronized (worker) {
      asleep[worker.index] = value;
    }
  }

  private void execute(Worker worker) {
    worker.slowYields = 0;
    try {
      task.run(worker);
    } catch (Abandoned e) {
      // Another worker has failed; its exception is the one to report.
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    } finally {
      running.decrementAndGet();
    }
  }

  private static void rethrow(@Nullable Throwable failure) {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException("a compute task failed", failure);
    }
  }

  /** One of the threads that execute a task. */
  public final class Worker {
    private final int index;
    private final float[][] scratch = new float[SCRATCH_ARRAYS][0];
    private final MemorySegment[] memory = new MemorySegment[SCRATCH_MEMORIES];
    private int slowYields;
    private int crowdedWaits;

    private Worker(int index) {
      this.index = index;
    }

    /** From 0 to {@link #count} - 1. */
    public int index() {
      return index;
    }

    /** Workers in the pool. */
    public int count() {
      return workers.length;
    }

    /** First of the items, out of 0..items-1, that are this worker's even share. */
    public int first(int items) {
      return (int) ((long) items * index / workers.length);
    }

    /** End (exclusive) of this worker's share of the items. */
    public int end(int items) {
      return (int) ((long) items * (index + 1) / workers.length);
    }

    /**
     * Waits until all workers are here. What they wrote before is visible after. Every worker must
     * meet every barrier of the task.
     */
    public void barrier() {
      if (workers.length == 1) {
        return;
      }
      int mine = phase;
      if (arrived.incrementAndGet() == workers.length) {
        arrived.set(0);
        phase = mine + 1;
        return;
      }
      for (int i = 0; phase == mine; i = pause(i)) {
        if (failure.get() != null) {
          throw new Abandoned();
        }
      }
    }

    /**
     * A place where a long task may end before it is done: when the thread that called {@link #run}
     * has been interrupted, or another worker has failed.
     *
     * @throws CancellationException if it was interrupted, which {@link #run} throws, too; the
     *     thread stays interrupted
     */
    public void checkpoint() {
      if (failure.get() != null) {
        throw new Abandoned();
      }
      if (caller != null && caller.isInterrupted()) {
        throw new CancellationException("interrupted");
      }
    }

    /**
     * One round of a wait: spins first, then yields, then sleeps; returns the next round. A thread
     * that yields to a neighbour who computes gets its core back after milliseconds, and that at
     * every barrier; one that sleeps gets it when it wakes up. So on a crowded core it sleeps.
     */
    private int pause(int round) {
      if (round < spins) {
        Thread.onSpinWait();
        return round + 1;
      }
      if (round == spins && crowdedWaits > 0) {
        crowdedWaits--;
        round += YIELDS;
      }
      if (round < spins + YIELDS) {
        long start = System.nanoTime();
        Thread.yield();
        if (System.nanoTime() - start > SLOW_YIELD_NANOS && ++slowYields > SLOW_YIELDS) {
          crowdedWaits = CROWDED_WAITS;
          return spins + YIELDS;
        }
        return round + 1;
      }
      LockSupport.parkNanos(ComputePool.this, NAP_NANOS);
      return round;
    }

    /**
     * Memory of this worker alone: at least so many floats, with arbitrary content. The same array
     * is returned for the same number until a larger one is asked for.
     *
     * @param number 0 to 3
     */
    public float[] scratch(int number, int size) {
      if (scratch[number].length < size) {
        scratch[number] = new float[size];
      }
      return scratch[number];
    }

    /**
     * The same outside the heap: the address of at least so many bytes.
     *
     * @param number 0 to 2
     */
    public long memory(int number, long bytes) {
      MemorySegment held = memory[number];
      if (held == null || held.byteSize() < bytes) {
        held = Arena.ofAuto().allocate(bytes, CACHE_LINE);
        memory[number] = held;
      }
      return held.address();
    }
  }

  private static final class Abandoned extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super("another worker failed", null, false, false);
    }
  }
}
