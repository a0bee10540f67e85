package dev.slipstream.target.application;

import dev.slipstream.target.spi.AdmissionOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Sequences that wait for a place. Those that another target has begun have a queue of their own,
 * with a reserve of places: their clients wait in the middle of an answer, and have had their place
 * in a queue already. But anybody can say that of a sequence, so it takes turns with the other one,
 * and beyond the reserve they count like new ones.
 */
final class WaitingQueue {
  private final AdmissionOrder order;
  private final int maxQueued;
  private final int maxResumed;
  private final Deque<Sequence> fresh = new ArrayDeque<>();
  private final Deque<Sequence> resumed = new ArrayDeque<>();
  private boolean resumedLast;

  WaitingQueue(AdmissionOrder order, LoopSettings settings) {
    this.order = order;
    this.maxQueued = settings.maxQueued();
    this.maxResumed = settings.maxResumed();
  }

  int size() {
    return fresh.size() + resumed.size();
  }

  boolean isEmpty() {
    return fresh.isEmpty() && resumed.isEmpty();
  }

  /** At the end. */
  void add(Sequence sequence) {
    queueOf(sequence).addLast(sequence);
  }

  /** One that has lost its place among those that run, before all others. */
  void putBack(Sequence sequence) {
    fresh.addFirst(sequence);
  }

  /** Whether there are too many, by this one which came last. */
  boolean isTooMany(Sequence sequence) {
    int beyondReserve = Math.max(0, resumed.size() - maxResumed);
    return (queueOf(sequence) == fresh || beyondReserve > 0)
        && fresh.size() + beyondReserve > maxQueued;
  }

  private Deque<Sequence> queueOf(Sequence sequence) {
    return sequence.isResumed() ? resumed : fresh;
  }

  /** Who is let in next; there is somebody. */
  Sequence next() {
    // In turns, so that neither queue keeps the other waiting for ever.
    boolean resumedNext = !resumed.isEmpty() && (fresh.isEmpty() || !resumedLast);
    Deque<Sequence> queue = resumedNext ? resumed : fresh;
    Sequence first = queue.getFirst();
    return first.wasAdmitted() ? first : order.next(queue);
  }

  /** It was let in. */
  void admitted(Sequence sequence) {
    resumedLast = resumed.contains(sequence);
    remove(sequence);
  }

  void remove(Sequence sequence) {
    fresh.remove(sequence);
    resumed.remove(sequence);
  }

  /** In the order in which they came, resumed ones first. */
  List<Sequence> all() {
    List<Sequence> all = new ArrayList<>(resumed);
    all.addAll(fresh);
    return all;
  }
}
