package dev.slipstream.kv.transport;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who may send a block. gRPC holds all of a message in memory before anybody sees it, so a stream
 * is asked for its next one only when it has a turn. There are so many turns at a time; the other
 * streams wait in order, and what they have to say waits at their end.
 */
final class Turns {
  private final Duration patience;
  private final Queue<Turn> waiting = new ArrayDeque<>();
  private int free;

  /**
   * @param count turns at a time
   * @param patience how long a turn lasts if nothing comes
   */
  Turns(int count, Duration patience) {
    this.free = count;
    this.patience = patience;
  }

  /** The turns of one stream, one after the other. */
  final class Turn {
    private final Runnable begun;
    private final Runnable expired;

    /** Of the turn that it has, whether it was used; null if it has none. */
    private @Nullable CompletableFuture<Boolean> used;

    private Turn(Runnable begun, Runnable expired) {
      this.begun = begun;
      this.expired = expired;
    }

    /** Asks for a turn, which begins now or later. */
    void ask() {
      synchronized (Turns.this) {
        if (free == 0) {
          waiting.add(this);
          return;
        }
        free--;
        used = new CompletableFuture<>();
      }
      begin();
    }

    /** Ends the turn, or the wait for it. */
    void end() {
      Turn next;
      synchronized (Turns.this) {
        if (used == null) {
          waiting.remove(this);
          return;
        }
        used.complete(true);
        used = null;
        next = waiting.poll();
        if (next == null) {
          free++;
          return;
        }
        next.used = new CompletableFuture<>();
      }
      next.begin();
    }

    private void begin() {
      CompletableFuture<Boolean> turn;
      synchronized (Turns.this) {
        turn = used;
      }
      if (turn != null) {
        turn.completeOnTimeout(false, patience.toNanos(), TimeUnit.NANOSECONDS)
            .thenAccept(this::expire);
        begun.run();
      }
    }

    private void expire(boolean inTime) {
      if (!inTime) {
        expired.run();
        end();
      }
    }
  }

  /**
   * @param begun called at the beginning of each turn
   * @param expired called when a turn is at its end without having been used
   */
  Turn turn(Runnable begun, Runnable expired) {
    return new Turn(begun, expired);
  }
}
