package dev.slipstream.gateway.application;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Answers that were being computed at two targets when these were lost. One may be what kills them,
 * and the others only were there. An answer that is alone is what the two losses have in common.
 * Several go on one at a time, so that the next loss says which. Thread-safe.
 */
final class Suspects {
  /** A lost target is noticed by all its answers within this. */
  static final Duration SETTLING = Duration.ofMillis(250);

  private final LongSupplier nanos;
  private final Map<Object, Suspect> suspects = new LinkedHashMap<>();

  private static final class Suspect {
    final long since;
    boolean accompanied;

    Suspect(long since) {
      this.since = since;
    }
  }

  /** What an answer may do. */
  enum Turn {
    /** Ask again in a while. */
    WAIT,
    GO,
    /** It is what the losses have in common. */
    GUILTY
  }

  /**
   * @param nanos as {@link System#nanoTime}
   */
  Suspects(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** A second target was lost with this answer. */
  synchronized void add(Object answer) {
    Suspect newest = new Suspect(nanos.getAsLong());
    for (Suspect other : suspects.values()) {
      if (!isSettled(other)) {
        other.accompanied = true;
        newest.accompanied = true;
      }
    }
    suspects.put(answer, newest);
  }

  synchronized Turn turn(Object answer) {
    Suspect suspect = suspects.get(answer);
    if (suspect == null) {
      return Turn.GO;
    }
    if (!isSettled(suspect)) {
      return Turn.WAIT;
    }
    if (!suspect.accompanied) {
      return Turn.GUILTY;
    }
    return suspects.keySet().iterator().next() == answer ? Turn.GO : Turn.WAIT;
  }

  /** It has new tokens, or is over. */
  synchronized void clear(Object answer) {
    suspects.remove(answer);
  }

  private boolean isSettled(Suspect suspect) {
    return nanos.getAsLong() - suspect.since >= SETTLING.toNanos();
  }
}
