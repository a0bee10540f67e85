package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.target.application.Sequence.State;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who waits, who runs, and who holds which KV blocks. A sequence is let in with blocks for its
 * whole text. When the pool runs out, the youngest running sequence gives its blocks back and waits
 * at the head of the queue; it will be computed again, to the same answer. The oldest one is never
 * disturbed, so something always gets finished.
 *
 * <p>Belongs to the decode loop's thread.
 */
final class Scheduler {
  private static final Logger log = LoggerFactory.getLogger(Scheduler.class);

  private final int maxRunning;
  private final WaitingQueue waiting;
  private final PrefixBlocks blocks;
  private final KvPool pool;
  private final DecodeMetrics metrics;
  private final Executor loop;
  private final SequenceFailures failures;
  private final List<Sequence> running = new ArrayList<>();
  private final List<Sequence> runningView = Collections.unmodifiableList(running);

  /**
   * @param loop runs a command on the loop's thread, later
   * @param failures hears of sequences that cannot be admitted, and takes them out
   */
  Scheduler(
      int maxRunning,
      WaitingQueue waiting,
      PrefixBlocks blocks,
      DecodeMetrics metrics,
      Executor loop,
      SequenceFailures failures) {
    this.maxRunning = maxRunning;
    this.waiting = waiting;
    this.blocks = blocks;
    this.pool = blocks.pool();
    this.metrics = metrics;
    this.loop = loop;
    this.failures = failures;
  }

  /** Sequences that hold KV blocks, oldest first; some may still be fetching. */
  List<Sequence> running() {
    return runningView;
  }

  int waiting() {
    return waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty() && running.isEmpty();
  }

  /** Tells the metrics how things stand. */
  void show() {
    metrics.show(this, pool, blocks.retained());
  }

  /** The sequence that decodes, if there is exactly one sequence and it does; else null. */
  @Nullable Decoding single() {
    return running.size() == 1
            && running.getFirst() instanceof Decoding decoding
            && decoding.isDecoding()
        ? decoding
        : null;
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

  /** Lets a new sequence in or queues it, or returns false if the queue is full. */
  boolean enqueue(Sequence sequence) {
    waiting.add(sequence);
    admit();
    if (sequence.state == State.WAITING && waiting.isTooMany(sequence)) {
      waiting.remove(sequence);
      return false;
    }
    return true;
  }

  /** Lets sequences in as long as there is room; one that cannot be let in costs no other one. */
  void admit() {
    boolean room = true;
    while (room && !waiting.isEmpty() && running.size() < maxRunning) {
      Sequence next = waiting.next();
      try {
        room = place(next);
        if (room) {
          waiting.admitted(next);
          running.add(next);
        }
      } catch (RuntimeException | Error e) {
        failures.broke(next, e);
      }
    }
  }

  /** Takes a sequence out for good and frees its blocks. */
  void remove(Sequence sequence) {
    sequence.state = State.ENDED;
    running.remove(sequence);
    waiting.remove(sequence);
    sequence.releaseBlocks();
  }

  /** All sequences, oldest first. */
  List<Sequence> all() {
    List<Sequence> all = new ArrayList<>(running);
    all.addAll(waiting.all());
    return all;
  }

  /**
   * Makes room for rows of a running sequence, at the expense of younger ones. On false the
   * sequence itself was the youngest and waits again.
   */
  boolean reserve(Sequence sequence, int rows) {
    while (!sequence.kv().reserve(rows)) {
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
    if (sequence.firstForeignBlock < 0) {
      return false;
    }
    blocks.discard(sequence);
    log.warn(
        "request '{}' goes on without blocks of kv-service, as it went wrong with them: {}",
        sequence.requestId(),
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
    sequence.releaseBlocks();
    sequence.state = State.WAITING;
    waiting.putBack(sequence);
  }

  /** Makes the blocks that a sequence has filled with its text known to the caches. */
  void publish(Sequence sequence) {
    blocks.publish(sequence);
  }

  private boolean place(Sequence sequence) {
    KvSequence kv = pool.newSequence();
    // From here on whoever takes the sequence out frees its blocks.
    sequence.hold(kv);
    blocks.adopt(sequence);
    boolean fits = kv.reserve(sequence.pendingTokens());
    // Room for one more block each, or the newcomer would soon drive itself or others out.
    int room = running.size() + Math.ceilDiv(sequence.tokensBehind(), BLOCK_TOKENS);
    if (!fits || (!running.isEmpty() && pool.availableBlocks() < room)) {
      sequence.releaseBlocks();
      return false;
    }
    sequence.admittedNow();
    List<BlockKey> missing = blocks.missing(sequence);
    if (missing.isEmpty()) {
      run(sequence, 0);
    } else {
      sequence.state = State.FETCHING;
      blocks.fetch(
          sequence, missing, found -> loop.execute(() -> arrived(sequence, kv, missing, found)));
    }
    return true;
  }

  /** Whatever goes wrong here, the sequence must not wait for its blocks for ever. */
  private void arrived(Sequence sequence, KvSequence kv, List<BlockKey> keys, List<byte[]> found) {
    if (sequence.state != State.FETCHING || !sequence.holds(kv)) {
      return;
    }
    try {
      blocks.append(sequence, keys, found);
      run(sequence, found.size() * BLOCK_TOKENS);
    } catch (RuntimeException | Error e) {
      if (!recompute(sequence, e)) {
        failures.broke(sequence, e);
      }
    }
  }

  private void run(Sequence sequence, int remoteTokens) {
    if (sequence.run(remoteTokens)) {
      metrics.admitted(sequence);
      sequence.started();
    }
  }
}
