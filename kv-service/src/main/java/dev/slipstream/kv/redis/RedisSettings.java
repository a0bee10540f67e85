package dev.slipstream.kv.redis;

import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How to reach Redis, and how to keep blocks there.
 *
 * @param uris one, or some nodes of a cluster, with credentials
 * @param cluster whether they are nodes of a Redis Cluster
 * @param keyPrefix of all keys
 * @param timeToLive how long a block stays after it was stored or last matched
 * @param commandTimeout longest wait for an answer, and for a connection to be ready for use
 * @param ssl certificates for {@code rediss} addresses; the JVM's authorities if there are none
 */
public record RedisSettings(
    List<RedisURI> uris,
    boolean cluster,
    String keyPrefix,
    Duration timeToLive,
    Duration commandTimeout,
    Optional<SslOptions> ssl) {

  /** As which user, where an address names none; blank is none. */
  public record Credentials(String username, String password) {
    /** Without the password. */
    @Override
    public String toString() {
      return "Credentials[username=" + username + "]";
    }
  }

  /**
   * @param uri {@code redis://[[user]:password@]host[:port][/database]}, or {@code rediss} for TLS
   * @throws IllegalArgumentException if it is anything else; the message never has the credentials
   */
  public static RedisURI parse(String uri, Credentials credentials) {
    URI parsed = check(uri);
    RedisURI.Builder address =
        RedisURI.builder()
            .withHost(parsed.getHost())
            .withPort(parsed.getPort() < 0 ? RedisURI.DEFAULT_REDIS_PORT : parsed.getPort())
            .withSsl(parsed.getScheme().equals("rediss"))
            .withDatabase(database(parsed));
    String own = parsed.getUserInfo();
    if (own == null) {
      authenticate(address, credentials.username(), credentials.password());
    } else {
      int colon = own.indexOf(':');
      authenticate(address, own.substring(0, Math.max(colon, 0)), own.substring(colon + 1));
    }
    return address.build();
  }

  private static URI check(String uri) {
    URI parsed;
    try {
      parsed = new URI(uri.strip());
    } catch (URISyntaxException e) {
      // Its message would repeat the address, and with it the password.
      throw new IllegalArgumentException("is no address: " + e.getReason());
    }
    if (!"redis".equals(parsed.getScheme()) && !"rediss".equals(parsed.getScheme())) {
      // Without slashes it may be the name of a host or user.
      String other = uri.contains("://") ? ", not with " + parsed.getScheme() : "";
      throw new IllegalArgumentException("must begin with redis:// or rediss://" + other);
    }
    if (parsed.getHost() == null) {
      throw new IllegalArgumentException("names no host");
    }
    if (parsed.getQuery() != null || parsed.getFragment() != null) {
      throw new IllegalArgumentException("takes no parameters after '?' or '#'");
    }
    return parsed;
  }

  private static int database(URI uri) {
    String path = uri.getPath() == null ? "" : uri.getPath().replaceFirst("^/", "");
    if (path.isEmpty()) {
      return 0;
    }
    if (!path.matches("\\d{1,5}")) {
      throw new IllegalArgumentException("has a path that is not the number of a database");
    }
    return Integer.parseInt(path);
  }

  private static void authenticate(RedisURI.Builder address, String username, String password) {
    if (password.isBlank()) {
      return;
    }
    if (username.isBlank()) {
      address.withPassword(password.toCharArray());
    } else {
      address.withAuthentication(username, password.toCharArray());
    }
  }
}
