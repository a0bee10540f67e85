package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.PrefixCache;
import dev.slipstream.target.application.Sequence.State;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who waits, who runs, and who holds which KV blocks. Sequences are admitted in the order they came
 * in, each with blocks for its whole text. Those that another target has begun have a queue of
 * their own, with a reserve of places, and take turns with the others. When the pool runs out, the
 * youngest running sequence gives its blocks back and waits at the head of the queue; it will be
 * computed again, to the same answer. The oldest one is never disturbed, so something always gets
 * finished.
 *
 * <p>Belongs to the decode loop's thread.
 */
final class Scheduler {
  private static final Logger log = LoggerFactory.getLogger(Scheduler.class);

  private final LoopSettings settings;
  private final KvPool pool;
  private final PrefixCache cache;
  private final SharedPrefixes shared;
  private final DecodeMetrics metrics;
  private final Executor loop;
  private final SequenceFailures failures;
  private final Deque<Sequence> waiting = new ArrayDeque<>();
  private final Deque<Sequence> resumed = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private final List<Sequence> runningView = Collections.unmodifiableList(running);
  private boolean resumedLast;

  /**
   * @param loop runs a command on the loop's thread, later
   * @param failures hears of sequences that cannot be admitted, and takes them out
   */
  Scheduler(
      LoopSettings settings,
      KvPool pool,
      SharedPrefixes shared,
      DecodeMetrics metrics,
      Executor loop,
      SequenceFailures failures) {
    this.settings = settings;
    this.pool = pool;
    this.cache = new PrefixCache(pool);
    this.shared = shared;
    this.metrics = metrics;
    this.loop = loop;
    this.failures = failures;
  }

  /** Sequences that hold KV blocks, oldest first; some may still be fetching. */
  List<Sequence> running() {
    return runningView;
  }

  int waiting() {
    return waiting.size() + resumed.size();
  }

  boolean isEmpty() {
    return waiting() == 0 && running.isEmpty();
  }

  /** Tells the metrics how things stand. */
  void show() {
    metrics.show(this, pool, cache.retained());
  }

  /** The sequence that decodes, if there is exactly one sequence and it does; else null. */
  Sequence single() {
    Sequence first = running.size() == 1 ? running.getFirst() : null;
    return first != null && first.isDecoding() ? first : null;
  }

  /** Whether a pass has something to do. */
  boolean isReady() {
    for (Sequence sequence : running) {
      if (sequence.state == State.RUNNING) {
        return true;
      }
    }
    return false;
  }

  /**
   * Queues a new sequence, or returns false if the queue is full. One that another target has begun
   * has its client waiting in the middle of an answer, and had its place in a queue already. But
   * anybody can say that of a sequence: a reserve is all that is kept for them.
   */
  boolean enqueue(Sequence sequence) {
    Deque<Sequence> queue = sequence.task.resumedTokens() > 0 ? resumed : waiting;
    queue.addLast(sequence);
    admit();
    if (sequence.state == State.WAITING && isFull(queue)) {
      queue.removeLast();
      return false;
    }
    return true;
  }

  private boolean isFull(Deque<Sequence> queue) {
    int beyondReserve = Math.max(0, resumed.size() - settings.maxResumed());
    return (queue == waiting || beyondReserve > 0)
        && waiting.size() + beyondReserve > settings.maxQueued();
  }

  /** Lets sequences in as long as there is room; one that cannot be let in costs no other one. */
  void admit() {
    boolean room = true;
    while (room && waiting() > 0 && running.size() < settings.maxRunning()) {
      Deque<Sequence> queue = nextQueue();
      Sequence next = queue.peek();
      try {
        room = place(next);
        if (room) {
          running.add(queue.remove());
          resumedLast = queue == resumed;
        }
      } catch (RuntimeException | Error e) {
        failures.broke(next, e);
      }
    }
  }

  /** In turns, so that neither queue keeps the other waiting for ever. */
  private Deque<Sequence> nextQueue() {
    boolean resumedNext = waiting.isEmpty() || !resumedLast;
    return resumedNext && !resumed.isEmpty() ? resumed : waiting;
  }

  /** Takes a sequence out for good and frees its blocks. */
  void remove(Sequence sequence) {
    sequence.state = State.ENDED;
    running.remove(sequence);
    waiting.remove(sequence);
    resumed.remove(sequence);
    release(sequence);
  }

  /** All sequences, oldest first. */
  List<Sequence> all() {
    List<Sequence> all = new ArrayList<>(running);
    all.addAll(resumed);
    all.addAll(waiting);
    return all;
  }

  /**
   * Makes room for rows of a running sequence, at the expense of younger ones. On false the
   * sequence itself was the youngest and waits again.
   */
  boolean reserve(Sequence sequence, int rows) {
    while (!sequence.kv.reserve(rows)) {
      Sequence youngest = running.getLast();
      metrics.preempted();
      putOff(youngest);
      if (youngest == sequence) {
        return false;
      }
    }
    return true;
  }

  /**
   * Has a sequence computed from its tokens alone, if it stands on blocks of kv-service, which may
   * be why a pass over it went wrong. Those, and what was computed on them, are forgotten here and
   * there.
   *
   * @param cause what went wrong
   * @return whether that is so; false for one that has only itself to blame
   */
  boolean recompute(Sequence sequence, Throwable cause) {
    int first = sequence.firstForeignBlock;
    if (first < 0) {
      return false;
    }
    List<BlockKey> keys = sequence.keysOf(sequence.kv.length());
    for (int i = first; i < keys.size(); i++) {
      MemorySegment block = pool.block(sequence.kv.block(i));
      shared.discard(sequence.task.tenant(), keys.get(i), block);
      cache.drop(keys.get(i));
    }
    log.warn(
        "request '{}' goes on without blocks of kv-service, as it went wrong with them: {}",
        sequence.task.requestId(),
        cause.toString());
    metrics.recomputed();
    sequence.alone = true;
    sequence.cachedTokens = 0;
    sequence.remoteCachedTokens = 0;
    putOff(sequence);
    return true;
  }

  /** Back to the head of the queue, without any KV. */
  private void putOff(Sequence sequence) {
    running.remove(sequence);
    release(sequence);
    sequence.state = State.WAITING;
    waiting.addFirst(sequence);
  }

  /** Makes the blocks that a sequence has filled with its text known to the caches. */
  void publish(Sequence sequence) {
    // The last pass may have accepted draft tokens behind the end of the answer.
    int tokens = Math.min(sequence.kv.length(), sequence.history.length());
    int full = tokens / BLOCK_TOKENS;
    if (full == sequence.registeredBlocks) {
      return;
    }
    List<BlockKey> keys = sequence.keysOf(tokens);
    for (int i = sequence.registeredBlocks; i < full; i++) {
      int block = sequence.kv.block(i);
      if (cache.register(keys.get(i), block, false)) {
        shared.store(sequence.task.tenant(), keys.get(i), pool.block(block));
      }
    }
    sequence.registeredBlocks = full;
  }

  private boolean place(Sequence sequence) {
    KvSequence kv = pool.newSequence();
    // From here on whoever takes the sequence out frees its blocks.
    sequence.kv = kv;
    List<BlockKey> keys = sequence.reusableKeys();
    int local = sequence.alone ? 0 : cache.adopt(kv, keys);
    boolean fits = kv.reserve(sequence.history.length() - kv.length());
    // Room for one more block each, or the newcomer would soon drive itself or others out.
    if (!fits || (!running.isEmpty() && pool.availableBlocks() < running.size())) {
      release(sequence);
      return false;
    }
    sequence.registeredBlocks = local;
    sequence.firstForeignBlock = cache.firstForeign(kv);
    sequence.admittedNow();
    List<BlockKey> missing = List.copyOf(keys.subList(local, keys.size()));
    if (sequence.alone || missing.isEmpty() || !shared.isAvailable()) {
      run(sequence, 0);
    } else {
      sequence.state = State.FETCHING;
      shared.fetch(
          sequence.task.tenant(),
          missing,
          pool.layout(),
          blocks -> loop.execute(() -> arrived(sequence, kv, missing, blocks)));
    }
    return true;
  }

  /** Whatever goes wrong here, the sequence must not wait for its blocks for ever. */
  private void arrived(Sequence sequence, KvSequence kv, List<BlockKey> keys, List<byte[]> blocks) {
    try {
      fetched(sequence, kv, keys, blocks);
    } catch (RuntimeException | Error e) {
      if (!recompute(sequence, e)) {
        failures.broke(sequence, e);
      }
    }
  }

  private void fetched(Sequence sequence, KvSequence kv, List<BlockKey> keys, List<byte[]> blocks) {
    if (sequence.state != State.FETCHING || sequence.kv != kv) {
      return;
    }
    if (!blocks.isEmpty() && sequence.firstForeignBlock < 0) {
      sequence.firstForeignBlock = sequence.registeredBlocks;
    }
    for (int i = 0; i < blocks.size(); i++) {
      int block = kv.block(sequence.registeredBlocks);
      MemorySegment.copy(
          MemorySegment.ofArray(blocks.get(i)), 0, pool.block(block), 0, blocks.get(i).length);
      kv.commit(BLOCK_TOKENS);
      cache.register(keys.get(i), block, true);
      sequence.registeredBlocks++;
    }
    run(sequence, blocks.size() * BLOCK_TOKENS);
  }

  private void run(Sequence sequence, int remoteTokens) {
    sequence.state = State.RUNNING;
    if (!sequence.announced) {
      sequence.announced = true;
      sequence.cachedTokens = sequence.kv.length();
      sequence.remoteCachedTokens = remoteTokens;
      metrics.admitted(sequence);
      sequence.listener.started(sequence.cachedTokens, remoteTokens);
    }
  }

  private static void release(Sequence sequence) {
    if (sequence.kv != null) {
      sequence.kv.close();
      sequence.kv = null;
    }
  }
}
