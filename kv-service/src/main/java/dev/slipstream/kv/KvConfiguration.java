package dev.slipstream.kv;

import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.application.TransferLimits;
import dev.slipstream.kv.memory.MemoryBlockStore;
import dev.slipstream.kv.redis.RedisBlockStore;
import dev.slipstream.kv.redis.RedisSettings;
import dev.slipstream.kv.storage.BlockStore;
import io.grpc.ServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** Wires the service from its properties. */
@Configuration(proxyBeanMethods = false)
class KvConfiguration {
  private static final Logger log = LoggerFactory.getLogger(KvConfiguration.class);

  /** A StoreRequest carries a tenant, a key and a checksum besides the block. */
  private static final int MESSAGE_OVERHEAD_BYTES = 64 << 10;

  private static final Duration STORE_PATIENCE = Duration.ofSeconds(10);

  @Bean
  BlockStore blockStore(
      KvProperties properties, ObjectProvider<RedisSettings> redis, MeterRegistry registry) {
    return switch (properties.storage()) {
      case MEMORY -> {
        log.info(
            "kv storage memory: capacity {}, blocks up to {}",
            properties.memory().capacity(),
            properties.maxBlockSize());
        yield new MemoryBlockStore(properties.memory().capacity().toBytes());
      }
      case REDIS -> {
        log.info(
            "kv storage redis: blocks up to {}, for {} after their last use",
            properties.maxBlockSize(),
            properties.redis().timeToLive());
        yield new RedisBlockStore(redis.getObject(), registry);
      }
    };
  }

  @Bean
  SharedBlocks sharedBlocks(BlockStore store, KvProperties properties) {
    return new SharedBlocks(
        store,
        new SharedBlocks.Limits(
            Math.toIntExact(properties.maxBlockSize().toBytes()),
            properties.maxKeys(),
            properties.maxFetchSize().toBytes()));
  }

  @Bean
  TransferLimits transferLimits(KvProperties properties) {
    return new TransferLimits(
        properties.maxInFlight().toBytes(),
        Math.toIntExact(properties.maxBlockSize().toBytes()),
        STORE_PATIENCE);
  }

  @Bean
  KvMetrics kvMetrics(SharedBlocks cache) {
    return new KvMetrics(cache);
  }

  /**
   * The transport takes what the configuration promises, with no second setting to keep in step.
   */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> maxMessageSize(KvProperties properties) {
    int bytes =
        Math.toIntExact(properties.maxBlockSize().toBytes())
            + MESSAGE_OVERHEAD_BYTES
            + properties.maxKeys() * 40;
    return builder -> builder.maxInboundMessageSize(bytes);
  }
}
