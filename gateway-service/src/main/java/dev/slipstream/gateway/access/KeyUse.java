package dev.slipstream.gateway.access;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.Caller;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One key and what it has used lately. Thread-safe. */
public final class KeyUse {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SOON = Duration.ofSeconds(1);

  private final ApiKey key;
  private final @Nullable Bucket requests;
  private final @Nullable Bucket tokens;
  private final AtomicInteger running = new AtomicInteger();

  /**
   * How a limit stands.
   *
   * @param limit per minute
   * @param remaining usable at once; not below 0
   * @param reset until nothing counts any more
   */
  public record Standing(int limit, long remaining, Duration reset) {}

  KeyUse(ApiKey key) {
    this.key = key;
    this.requests = bucket(key.limits().requestsPerMinute());
    this.tokens = bucket(key.limits().tokensPerMinute());
  }

  /** Refilled evenly; null without a limit. */
  private static @Nullable Bucket bucket(int perMinute) {
    return perMinute == 0
        ? null
        : Bucket.builder()
            .addLimit(limit -> limit.capacity(perMinute).refillGreedy(perMinute, MINUTE))
            .build();
  }

  public ApiKey key() {
    return key;
  }

  /** Empty if requests are not limited. */
  public Optional<Standing> requests() {
    return standing(requests, key.limits().requestsPerMinute());
  }

  /** Empty if tokens are not limited. */
  public Optional<Standing> tokens() {
    return standing(tokens, key.limits().tokensPerMinute());
  }

  private static Optional<Standing> standing(@Nullable Bucket bucket, int limit) {
    if (bucket == null) {
      return Optional.empty();
    }
    long available = bucket.getAvailableTokens();
    long millis = MINUTE.toMillis() * (limit - available) / limit;
    return Optional.of(new Standing(limit, Math.max(0, available), Duration.ofMillis(millis)));
  }

  /**
   * Lets a request in; it counts until it is closed.
   *
   * @throws ApiException with {@link ApiError.Busy} if a limit is reached
   */
  public Admission enter() {
    int most = key.limits().maxConcurrent();
    if (running.incrementAndGet() > most && most > 0) {
      running.decrementAndGet();
      throw limited(
          "This key may have %d requests at a time. Wait for one to end.".formatted(most), SOON);
    }
    try {
      take(requests, "requests", key.limits().requestsPerMinute());
    } catch (ApiException e) {
      running.decrementAndGet();
      throw e;
    }
    return new Admission();
  }

  private static void take(@Nullable Bucket bucket, String what, int limit) {
    if (bucket != null) {
      ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
      if (!probe.isConsumed()) {
        Duration wait = Duration.ofNanos(probe.getNanosToWaitForRefill());
        throw limited(
            "This key may use %d %s a minute. Try again in %d s."
                .formatted(limit, what, Math.max(1, wait.toSeconds())),
            wait);
      }
    }
  }

  private static ApiException limited(String message, Duration retryAfter) {
    return new ApiException(new ApiError.Busy(message, retryAfter));
  }

  /** One request's leave. */
  public final class Admission implements Caller, AutoCloseable {
    private final AtomicBoolean open = new AtomicBoolean(true);

    private Admission() {}

    @Override
    public String name() {
      return key.name();
    }

    @Override
    public String tenant() {
      return key.tenant();
    }

    /**
     * A prompt is computed if a single token is left, or one longer than the limit never would be;
     * what is used beyond the limit is owed and delays the next.
     */
    @Override
    public void usePrompt(int count) {
      take(tokens, "tokens", key.limits().tokensPerMinute());
      useAnswer(count - 1);
    }

    @Override
    public void useAnswer(int count) {
      if (tokens != null && count > 0) {
        tokens.consumeIgnoringRateLimits(count);
      }
    }

    @Override
    public void close() {
      if (open.compareAndSet(true, false)) {
        running.decrementAndGet();
      }
    }
  }
}
