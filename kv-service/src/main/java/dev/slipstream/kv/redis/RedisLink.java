package dev.slipstream.kv.redis;

import dev.slipstream.kv.redis.RedisServer.Session;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one connection to Redis, which is there or not: nobody waits for it. It is made in the
 * background, and again whenever it is lost.
 *
 * <p>A command that is not answered in time costs the whole connection. Only so does a server that
 * hangs, or vanishes behind a network that swallows packets, cost one wait rather than one for each
 * request: until a new connection has shaken hands, there is none.
 */
final class RedisLink implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RedisLink.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** Handshakes have several round trips, and a cluster asks several nodes. */
  private static final int CONNECT_PATIENCE = 4;

  private final RedisServer server;
  private final String purpose;
  private final Duration patience;
  private final AtomicReference<Live> live = new AtomicReference<>();
  private final Thread keeper;

  /** The last thing told; the keeper's own. */
  private String trouble = "";

  private record Live(Session session, CompletableFuture<String> lost) {}

  /**
   * @param purpose for messages
   * @param commandTimeout longest wait for one answer of the server
   */
  RedisLink(RedisServer server, String purpose, Duration commandTimeout) {
    this.server = server;
    this.purpose = purpose;
    this.patience = commandTimeout.multipliedBy(CONNECT_PATIENCE);
    this.keeper = Thread.ofVirtual().name("kv-redis-" + purpose).start(this::keepConnected);
  }

  /** The connection, if there is one now. */
  Optional<Session> session() {
    return Optional.ofNullable(live.get()).map(Live::session);
  }

  /** A session does not answer any more; a new one is made. */
  void lost(Session session, String reason) {
    Live now = live.get();
    if (now != null && now.session() == session && live.compareAndSet(now, null)) {
      now.lost().complete(reason);
    }
  }

  private void keepConnected() {
    try {
      Duration pause = Duration.ZERO;
      while (true) {
        Thread.sleep(pause);
        long start = System.nanoTime();
        Optional<Live> connected = connect();
        if (connected.isPresent()) {
          awaitLoss(connected.get());
        }
        boolean lasted = System.nanoTime() - start > LONGEST_PAUSE.toNanos();
        pause = lasted ? FIRST_PAUSE : longer(pause);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private Optional<Live> connect() throws InterruptedException {
    CompletableFuture<Session> connecting = null;
    try {
      connecting = server.connect().toCompletableFuture();
      Live connected = publish(connecting.get(patience.toNanos(), TimeUnit.NANOSECONDS));
      log.info("Redis {} connected for {}", server, purpose);
      trouble = "";
      return Optional.of(connected);
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      tell("cannot be used for", why(e));
      abandon(connecting);
      return Optional.empty();
    }
  }

  private void awaitLoss(Live connected) throws InterruptedException {
    try {
      tell("lost for", connected.lost().get());
    } catch (ExecutionException e) {
      throw new IllegalStateException("a loss has a reason and cannot fail", e);
    }
    disconnect(connected.session());
  }

  private static void disconnect(Session session) {
    if (session.connection().isOpen()) {
      session.connection().closeAsync();
    }
  }

  /** Once for each reason, as long as there is no connection. */
  private void tell(String what, String reason) {
    if (!reason.equals(trouble)) {
      log.warn("Redis {} {} {}, going on without it: {}", server, what, purpose, reason);
      trouble = reason;
    }
  }

  /** It may still come into being, with nobody to close it. */
  private static void abandon(@Nullable CompletableFuture<Session> connecting) {
    if (connecting != null) {
      connecting.thenAccept(RedisLink::disconnect);
    }
  }

  private Live publish(Session session) {
    Live now = new Live(session, new CompletableFuture<>());
    live.set(now);
    session
        .connection()
        .addListener(
            new RedisConnectionStateListener() {
              @Override
              public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                if (session.isWhole()) {
                  lost(session, "the connection was closed");
                }
              }
            });
    if (!session.connection().isOpen()) {
      lost(session, "the connection was closed");
    }
    return now;
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  /** The innermost cause says most; a timeout says nothing by itself. */
  private String why(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof TimeoutException
        ? "no answer within " + patience.toMillis() + " ms"
        : String.valueOf(cause.getMessage());
  }

  /** The connection itself ends with the server's client. */
  @Override
  public void close() {
    // First, so that the end of the connection is no loss.
    live.set(null);
    keeper.interrupt();
  }
}
