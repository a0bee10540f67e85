package dev.slipstream.gateway.application;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** Where forks wait until the sequence that they come from has said enough. Thread-safe. */
final class ForkPoints {
  private record Fork(int tokens, MonoSink<Integer> sink) {}

  private final List<Fork> waiting = new ArrayList<>();
  private int length;
  private boolean over;
  private Optional<Throwable> failure = Optional.empty();

  /** The sequence's length when it has so many tokens; nothing if it ends with fewer. */
  Mono<Integer> at(int tokens) {
    return Mono.create(
        sink -> {
          Fork fork = new Fork(tokens, sink);
          synchronized (this) {
            waiting.add(fork);
          }
          sink.onDispose(() -> forget(fork));
          release();
        });
  }

  /** Notes how long the sequence is; forks are opened by {@link #release}. */
  synchronized void reached(int tokens) {
    length = tokens;
  }

  private synchronized void forget(Fork fork) {
    waiting.remove(fork);
  }

  /**
   * Says that there are no more tokens.
   *
   * @param failure why, if not because the sequence is whole: that of the forks, too
   */
  void end(Optional<Throwable> failure) {
    synchronized (this) {
      over = true;
      this.failure = failure;
    }
    release();
  }

  /** Opens the forks that need not wait any more; outside the lock, as one may be over at once. */
  void release() {
    List<Fork> ready;
    int now;
    Optional<Throwable> cause;
    synchronized (this) {
      now = length;
      cause = failure;
      ready = waiting.stream().filter(fork -> over || fork.tokens() <= now).toList();
      waiting.removeAll(ready);
    }
    for (Fork fork : ready) {
      if (fork.tokens() > now && cause.isPresent()) {
        fork.sink().error(cause.get());
      } else {
        fork.sink().success(fork.tokens() <= now ? now : null);
      }
    }
  }
}
