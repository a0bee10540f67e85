package dev.slipstream.gateway.application;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;

/**
 * Bounds the answers that are under way at a time, and with them this gateway's memory: targets
 * have bounded queues of their own, but an answer may also wait for a target, or for its client.
 */
final class Admission {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int most;
  private final GatewayMetrics metrics;
  private final AtomicInteger inside = new AtomicInteger();

  Admission(int most, GatewayMetrics metrics) {
    this.most = most;
    this.metrics = metrics;
  }

  /**
   * The answers, or {@link ApiError.Busy} if there are too many when they are asked for.
   *
   * @param count how many they are
   */
  <T> Flux<T> bounded(Flux<T> answers, int count) {
    return Flux.defer(
        () -> {
          if (inside.addAndGet(count) > most) {
            inside.addAndGet(-count);
            metrics.refused();
            return Flux.error(
                new ApiException(
                    new ApiError.Busy(
                        "%d answers are under way already; try again later.".formatted(most),
                        RETRY_AFTER)));
          }
          return answers.doFinally(signal -> inside.addAndGet(-count));
        });
  }
}
