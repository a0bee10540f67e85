package dev.slipstream.gateway;

import dev.slipstream.gateway.access.ApiKey;
import dev.slipstream.gateway.access.ApiKeys;
import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.access.HostRule;
import dev.slipstream.gateway.access.KeyFile;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/** Who may use the gateway. */
@Configuration(proxyBeanMethods = false)
class AccessConfiguration {
  private static final Logger log = LoggerFactory.getLogger(AccessConfiguration.class);
  private static final int HEAP_SHARE = 4;
  private static final String KEYS = "slipstream.gateway.api-keys";
  private static final String KEYS_FILE = "slipstream.gateway.api-keys-file";

  @Bean
  ApiKeys apiKeys(AccessProperties properties) {
    ApiKeys keys =
        new ApiKeys(!properties.apiKeys().isEmpty() || !properties.apiKeysFile().isBlank());
    keys.replace(configured(properties));
    if (!properties.apiKeys().isEmpty()) {
      log.info("{} API keys in use, from properties", properties.apiKeys().size());
    }
    return keys;
  }

  @Bean
  DisposableBean apiKeysFile(AccessProperties properties, ApiKeys keys) {
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

  @Bean
  HostRule httpHosts(AccessProperties properties, ApiKeys keys, Environment environment) {
    return hosts(properties, keys, OpenDoorWarning.isOnLoopback(environment, "server.address"));
  }

  @Bean
  HostRule grpcHosts(AccessProperties properties, ApiKeys keys, Environment environment) {
    return hosts(
        properties, keys, OpenDoorWarning.isOnLoopback(environment, "spring.grpc.server.address"));
  }

  private static HostRule hosts(AccessProperties properties, ApiKeys keys, boolean loopback) {
    return new HostRule(properties.allowedHosts(), !keys.required(), loopback);
  }

  /** What is left of the heap is for what becomes of the bytes, and for everything else. */
  @Bean
  ByteBudget byteBudget(GatewayProperties properties, LimitProperties limits) {
    DataSize capacity =
        limits.requestBytes() == null
            ? DataSize.ofBytes(Runtime.getRuntime().maxMemory() / HEAP_SHARE)
            : limits.requestBytes();
    if (capacity.toBytes() < 2 * properties.maxBodySize().toBytes()) {
      throw new InvalidConfigurationPropertyValueException(
          "slipstream.gateway.limits.request-bytes",
          capacity.toMegabytes() + "MB",
          "It must be at least twice slipstream.gateway.max-body-size (%dMB); a quarter of the heap if it is not set."
              .formatted(properties.maxBodySize().toMegabytes()));
    }
    return new ByteBudget(capacity.toBytes());
  }

  @Bean
  MeterBinder byteBudgetMetrics(ByteBudget budget) {
    return registry -> {
      Gauge.builder("slipstream_request_bytes", budget, ByteBudget::held)
          .description("Bytes of requests that are held until they are answered")
          .register(registry);
      Gauge.builder("slipstream_request_bytes_limit", budget, ByteBudget::capacity)
          .description("Bytes of requests that may be held at a time")
          .register(registry);
      FunctionCounter.builder("slipstream_request_bytes_refused", budget, ByteBudget::refused)
          .description("Requests that were refused because there was no room for them")
          .register(registry);
    };
  }

  private static List<ApiKey> configured(AccessProperties properties) {
    try {
      return properties.apiKeys().stream().map(ApiKey::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new InvalidConfigurationPropertyValueException(KEYS, "", e.getMessage());
    }
  }
}
