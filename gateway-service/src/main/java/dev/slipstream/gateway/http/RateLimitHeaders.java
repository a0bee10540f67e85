package dev.slipstream.gateway.http;

import dev.slipstream.gateway.access.KeyUse;
import java.time.Duration;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Mono;

/** Response headers that tell how a key's limits stand, named and written as OpenAI does. */
public final class RateLimitHeaders {
  private static final String PREFIX = "x-ratelimit-";

  /** All there may be. */
  public static final List<String> NAMES =
      List.of(
          PREFIX + "limit-requests",
          PREFIX + "remaining-requests",
          PREFIX + "reset-requests",
          PREFIX + "limit-tokens",
          PREFIX + "remaining-tokens",
          PREFIX + "reset-tokens");

  private RateLimitHeaders() {}

  /** Adds them as they stand when the response starts. */
  static void show(ServerHttpResponse response, KeyUse use) {
    response.beforeCommit(
        () -> {
          HttpHeaders headers = response.getHeaders();
          use.requests().ifPresent(standing -> set(headers, "requests", standing));
          use.tokens().ifPresent(standing -> set(headers, "tokens", standing));
          return Mono.empty();
        });
  }

  private static void set(HttpHeaders headers, String what, KeyUse.Standing standing) {
    headers.set(PREFIX + "limit-" + what, Integer.toString(standing.limit()));
    headers.set(PREFIX + "remaining-" + what, Long.toString(standing.remaining()));
    headers.set(PREFIX + "reset-" + what, written(standing.reset()));
  }

  /** {@code 6m0s}, {@code 1.5s}, {@code 20ms}. */
  static String written(Duration time) {
    long millis = time.toMillis();
    if (millis < 1000) {
      return millis + "ms";
    }
    String seconds = Double.toString(millis % 60_000 / 1000.0).replaceFirst("\\.0$", "") + "s";
    return millis < 60_000 ? seconds : millis / 60_000 + "m" + seconds;
  }
}
