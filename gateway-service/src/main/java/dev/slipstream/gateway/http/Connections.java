package dev.slipstream.gateway.http;

import dev.slipstream.gateway.access.Owner;
import io.netty.channel.Channel;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Bounds the connections that are open at a time, and with them file descriptors and memory, so
 * that no number of idle ones keeps out the next, which may be a probe's. Of those whose client is
 * waited for, one makes room: of the address that has most of them, the one that was waited for
 * longest. Thread-safe.
 */
final class Connections {
  private final int most;
  private final Map<Owner, Set<Channel>> waiting = new LinkedHashMap<>();
  private int open;

  Connections(int most) {
    this.most = most;
  }

  /**
   * Counts a new connection until it is closed; closes another one, or itself, if it is too much.
   */
  void opened(Channel channel) {
    channel.closeFuture().addListener(closed -> closed());
    victim(channel).ifPresent(Channel::close);
  }

  private synchronized Optional<Channel> victim(Channel opened) {
    open++;
    if (open <= most) {
      return Optional.empty();
    }
    Optional<Channel> oldest =
        waiting.values().stream()
            .max(Comparator.comparingInt(Collection::size))
            .map(channels -> channels.iterator().next());
    // At once, as closing takes a moment in which others come.
    oldest.ifPresent(this::busy);
    return Optional.of(oldest.orElse(opened));
  }

  private synchronized void closed() {
    open--;
  }

  /** The client owes a request, or the rest of one. */
  synchronized void waiting(Channel channel) {
    waiting.computeIfAbsent(owner(channel), owner -> new LinkedHashSet<>()).add(channel);
  }

  /** The client is answered, or gone. */
  synchronized void busy(Channel channel) {
    waiting.computeIfPresent(
        owner(channel),
        (owner, channels) -> channels.remove(channel) && channels.isEmpty() ? null : channels);
  }

  private static Owner owner(Channel channel) {
    return Owner.of(channel.remoteAddress());
  }
}
