package dev.slipstream.kv;

import dev.slipstream.kv.redis.RedisSettings;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** From properties to {@link RedisSettings}; what cannot work is refused by the key's name. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {
  private static final String PREFIX = "slipstream.kv.redis.";
  private static final String URIS = PREFIX + "uris";

  @Bean
  @ConditionalOnProperty(name = "slipstream.kv.storage", havingValue = "redis")
  RedisSettings redisSettings(KvProperties properties, SslBundles bundles) {
    return settings(properties.redis(), bundles);
  }

  static RedisSettings settings(KvProperties.Redis properties, SslBundles bundles) {
    if (properties.uris().isEmpty()) {
      throw invalid(URIS, "", "it must name a server: slipstream.kv.storage is redis");
    }
    if (properties.uris().size() > 1 && !properties.cluster()) {
      throw invalid(
          URIS,
          properties.uris().size() + " addresses",
          "more than one is for a cluster: set " + PREFIX + "cluster, or name one");
    }
    if (!properties.username().isBlank() && properties.password().isBlank()) {
      throw invalid(PREFIX + "username", properties.username(), "it needs a password");
    }
    List<RedisURI> uris = properties.uris().stream().map(uri -> parse(uri, properties)).toList();
    return new RedisSettings(
        uris,
        properties.cluster(),
        properties.keyPrefix(),
        properties.timeToLive(),
        properties.commandTimeout(),
        ssl(properties, uris, bundles));
  }

  private static RedisURI parse(String uri, KvProperties.Redis properties) {
    try {
      RedisURI address =
          RedisSettings.parse(
              uri, new RedisSettings.Credentials(properties.username(), properties.password()));
      if (properties.cluster() && address.getDatabase() != 0) {
        throw new IllegalArgumentException("names a database, of which a cluster has but one");
      }
      return address;
    } catch (IllegalArgumentException e) {
      throw invalid(URIS, uri.replaceFirst("//.*@", "//...@"), "an address " + e.getMessage());
    }
  }

  private static Optional<SslOptions> ssl(
      KvProperties.Redis properties, List<RedisURI> uris, SslBundles bundles) {
    String name = properties.sslBundle();
    if (name.isBlank()) {
      return Optional.empty();
    }
    if (!uris.stream().allMatch(RedisURI::isSsl)) {
      throw invalid(PREFIX + "ssl-bundle", name, "all of " + URIS + " must begin with rediss://");
    }
    try {
      SslBundle bundle = bundles.getBundle(name);
      return Optional.of(
          SslOptions.builder()
              .jdkSslProvider()
              .keyManager(bundle.getManagers().getKeyManagerFactory())
              .trustManager(bundle.getManagers().getTrustManagerFactory())
              .build());
    } catch (NoSuchSslBundleException e) {
      throw invalid(PREFIX + "ssl-bundle", name, "there is no such bundle in spring.ssl.bundle");
    }
  }

  private static InvalidConfigurationPropertyValueException invalid(
      String key, String value, String reason) {
    return new InvalidConfigurationPropertyValueException(key, value, reason);
  }
}
