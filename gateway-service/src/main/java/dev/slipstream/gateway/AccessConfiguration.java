package dev.slipstream.gateway;

import dev.slipstream.gateway.access.ApiKey;
import dev.slipstream.gateway.access.ApiKeys;
import dev.slipstream.gateway.access.KeyFile;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Who may use the gateway. */
@Configuration(proxyBeanMethods = false)
class AccessConfiguration {
  private static final Logger log = LoggerFactory.getLogger(AccessConfiguration.class);
  private static final String KEYS = "slipstream.gateway.api-keys";
  private static final String KEYS_FILE = "slipstream.gateway.api-keys-file";

  @Bean
  ApiKeys apiKeys(GatewayProperties properties) {
    ApiKeys keys =
        new ApiKeys(!properties.apiKeys().isEmpty() || !properties.apiKeysFile().isBlank());
    keys.replace(configured(properties));
    if (!properties.apiKeys().isEmpty()) {
      log.info("{} API keys in use, from properties", properties.apiKeys().size());
    }
    return keys;
  }

  @Bean
  DisposableBean apiKeysFile(GatewayProperties properties, ApiKeys keys) {
    if (properties.apiKeysFile().isBlank()) {
      return () -> {};
    }
    try {
      return KeyFile.follow(
              Path.of(properties.apiKeysFile()),
              properties.apiKeysInterval(),
              configured(properties),
              keys)
          ::close;
    } catch (IllegalArgumentException e) {
      throw new InvalidConfigurationPropertyValueException(
          KEYS_FILE, properties.apiKeysFile(), e.getMessage());
    }
  }

  private static List<ApiKey> configured(GatewayProperties properties) {
    try {
      return properties.apiKeys().stream().map(ApiKey::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new InvalidConfigurationPropertyValueException(KEYS, "", e.getMessage());
    }
  }
}
