package dev.slipstream.gateway;

import dev.slipstream.gateway.access.ApiKey;
import dev.slipstream.gateway.access.ApiKeys;
import dev.slipstream.gateway.access.KeyFile;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Who may use the gateway. */
@Configuration(proxyBeanMethods = false)
class AccessConfiguration {
  private static final Logger log = LoggerFactory.getLogger(AccessConfiguration.class);

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
    return KeyFile.follow(
            Path.of(properties.apiKeysFile()),
            properties.apiKeysInterval(),
            configured(properties),
            keys)
        ::close;
  }

  private static List<ApiKey> configured(GatewayProperties properties) {
    return properties.apiKeys().stream().map(ApiKey::parse).toList();
  }
}
