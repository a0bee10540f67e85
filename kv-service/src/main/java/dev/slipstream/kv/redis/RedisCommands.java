package dev.slipstream.kv.redis;

import dev.slipstream.kv.redis.RedisMetrics.Failure;
import dev.slipstream.kv.redis.RedisServer.Session;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends commands and waits for answers. Whatever goes wrong is counted and is no answer. */
final class RedisCommands {
  private static final Logger log = LoggerFactory.getLogger(RedisCommands.class);

  private final RedisLink link;
  private final Duration patience;
  private final RedisMetrics metrics;
  private final AtomicReference<String> refusal = new AtomicReference<>("");

  /** An answer that is under way, if there is a connection. */
  record Pending<T>(Optional<Session> session, CompletableFuture<T> answer) {}

  /**
   * @param patience longest wait for an answer
   */
  RedisCommands(RedisLink link, Duration patience, RedisMetrics metrics) {
    this.link = link;
    this.patience = patience;
    this.metrics = metrics;
  }

  /** Sends a command now; its answer is for {@link #await}. */
  <T> Pending<T> send(
      Function<RedisClusterAsyncCommands<byte[], byte[]>, CompletionStage<T>> command) {
    Optional<Session> session = link.session();
    CompletableFuture<T> answer;
    try {
      answer =
          session
              .map(s -> command.apply(s.commands()).toCompletableFuture())
              .orElseGet(() -> new CompletableFuture<>());
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    return new Pending<>(session, answer);
  }

  /**
   * The answer, which must not be null, or nothing if there is none in time.
   *
   * @param start {@link System#nanoTime} of the beginning of the wait
   */
  <T> Optional<T> await(Pending<T> pending, long start) {
    if (pending.session().isEmpty()) {
      metrics.failed(Failure.DISCONNECTED);
      return Optional.empty();
    }
    Session session = pending.session().get();
    try {
      long left = Math.max(0, start + patience.toNanos() - System.nanoTime());
      T answer = pending.answer().get(left, TimeUnit.NANOSECONDS);
      refusal.set("");
      return Optional.of(answer);
    } catch (TimeoutException e) {
      metrics.failed(Failure.TIMEOUT);
      link.lost(session, "no answer within " + patience.toMillis() + " ms");
    } catch (ExecutionException e) {
      failed(e.getCause());
    } catch (CancellationException e) {
      metrics.failed(Failure.CONNECTION);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private void failed(@Nullable Throwable cause) {
    if (!(cause instanceof RedisCommandExecutionException)) {
      metrics.failed(Failure.CONNECTION);
      return;
    }
    metrics.failed(Failure.REFUSED);
    String message = String.valueOf(cause.getMessage());
    if (!message.equals(refusal.getAndSet(message))) {
      log.warn(
          "Redis refuses commands, going on without it: {}{}",
          message,
          message.startsWith("MOVED")
              ? ". It belongs to a cluster: set slipstream.kv.redis.cluster"
              : "");
    }
  }
}
