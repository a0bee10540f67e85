package dev.slipstream.models.catalog;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How models are looked for.
 *
 * @param cache where they are kept
 * @param offline use only what is on this machine
 * @param hubEndpoint base address of the Hub or of a mirror with its HTTP API
 * @param hubToken sent to that address only, never to where it redirects
 * @param retry patience with the network
 */
public record CatalogSettings(
    CacheDirectory cache,
    boolean offline,
    URI hubEndpoint,
    Optional<String> hubToken,
    Retry retry) {

  private static final String DEFAULT_HUB = "https://huggingface.co";

  /**
   * Patience with the network.
   *
   * @param attempts in a row that bring no byte before giving up; at least 1
   * @param firstWait before the second attempt; doubles with each further one
   * @param stall how long a connection may be silent before it counts as cut
   */
  public record Retry(int attempts, Duration firstWait, Duration stall) {

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    /** Five attempts over about ten seconds. */
    public static final Retry DEFAULT =
        new Retry(5, Duration.ofMillis(700), Duration.ofSeconds(60));

    public Retry {
      if (attempts < 1) {
        throw new IllegalArgumentException("At least one attempt is needed, not " + attempts + ".");
      }
    }

    /** The wait after this many failures in a row, from 1 on. */
    Duration waitAfter(int failures) {
      Duration wait = firstWait.multipliedBy(1L << Math.min(failures - 1, 10));
      return wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT;
    }
  }

  /**
   * From {@code SLIPSTREAM_HOME} (see {@link CacheDirectory}), {@code SLIPSTREAM_OFFLINE}, {@code
   * HF_ENDPOINT} and {@code HF_TOKEN}.
   *
   * @throws IllegalArgumentException naming the variable that is malformed
   */
  public static CatalogSettings of(Map<String, String> environment) {
    String token = environment.getOrDefault("HF_TOKEN", "").strip();
    return new CatalogSettings(
        CacheDirectory.of(environment),
        flag(environment, "SLIPSTREAM_OFFLINE"),
        endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
        token.isEmpty() ? Optional.empty() : Optional.of(token),
        Retry.DEFAULT);
  }

  private static boolean flag(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "").strip();
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "", "0", "false", "no", "off" -> false;
      case "1", "true", "yes", "on" -> true;
      default ->
          throw new IllegalArgumentException(name + " must be true or false, not '" + value + "'.");
    };
  }

  private static URI endpoint(String value) {
    URI uri = URI.create((value.isBlank() ? DEFAULT_HUB : value.strip()).replaceAll("/+$", ""));
    if (uri.getHost() == null || !("http".equals(uri.getScheme()) || isHttps(uri))) {
      throw new IllegalArgumentException(
          "HF_ENDPOINT must be an http(s) address: '" + value + "'.");
    }
    return uri;
  }

  private static boolean isHttps(URI uri) {
    return "https".equals(uri.getScheme());
  }
}
