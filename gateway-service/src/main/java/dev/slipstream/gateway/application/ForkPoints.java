package dev.slipstream.gateway.application;

import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** Where forks wait until the sequence that they come from has said enough. Thread-safe. */
final class ForkPoints {
  private record Fork(int tokens, MonoSink<Integer> sink) {}

  private final List<Fork> waiting = new ArrayList<>();
  private int length;
  private boolean over;

  /** The sequence's length when it has so many tokens; nothing if it ends with fewer. */
  Mono<Integer> at(int tokens) {
    return Mono.create(
        sink -> {
          synchronized (this) {
            waiting.add(new Fork(tokens, sink));
          }
          release();
        });
  }

  /** Notes how long the sequence is; forks are opened by {@link #release}. */
  synchronized void reached(int tokens) {
    length = tokens;
  }

  void end() {
    synchronized (this) {
      over = true;
    }
    release();
  }

  /** Opens the forks that need not wait any more; outside the lock, as one may be over at once. */
  void release() {
    List<Fork> ready;
    int now;
    synchronized (this) {
      now = length;
      ready = waiting.stream().filter(fork -> over || fork.tokens() <= now).toList();
      waiting.removeAll(ready);
    }
    for (Fork fork : ready) {
      fork.sink().success(fork.tokens() <= now ? now : null);
    }
  }
}
