package dev.slipstream.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.unit.DataSize;

class KvPropertiesTest {
  @EnableConfigurationProperties(KvProperties.class)
  static class Properties {}

  private final ApplicationContextRunner context =
      new ApplicationContextRunner().withUserConfiguration(Properties.class);

  @Test
  void defaults() {
    context.run(
        c ->
            assertThat(c.getBean(KvProperties.class))
                .isEqualTo(
                    new KvProperties(
                        KvProperties.Storage.MEMORY,
                        DataSize.ofMegabytes(16),
                        16384,
                        DataSize.ofMegabytes(256),
                        DataSize.ofMegabytes(64),
                        new KvProperties.Memory(DataSize.ofMegabytes(512)),
                        new KvProperties.Redis(
                            List.of(),
                            false,
                            "",
                            "",
                            "",
                            "slipstream:kv:",
                            Duration.ofHours(24),
                            Duration.ofMillis(500)))));
  }

  @Test
  void everyKeyIsBound() {
    context
        .withPropertyValues(
            "slipstream.kv.storage=redis",
            "slipstream.kv.max-block-size=2MB",
            "slipstream.kv.max-keys=7",
            "slipstream.kv.max-fetch-size=5MB",
            "slipstream.kv.max-in-flight=9MB",
            "slipstream.kv.memory.capacity=3GB",
            "slipstream.kv.redis.uris=redis://a,redis://b",
            "slipstream.kv.redis.cluster=true",
            "slipstream.kv.redis.username=kv",
            "slipstream.kv.redis.password=secret",
            "slipstream.kv.redis.ssl-bundle=cache",
            "slipstream.kv.redis.key-prefix=one:",
            "slipstream.kv.redis.time-to-live=2h",
            "slipstream.kv.redis.command-timeout=70ms")
        .run(
            c ->
                assertThat(c.getBean(KvProperties.class))
                    .isEqualTo(
                        new KvProperties(
                            KvProperties.Storage.REDIS,
                            DataSize.ofMegabytes(2),
                            7,
                            DataSize.ofMegabytes(5),
                            DataSize.ofMegabytes(9),
                            new KvProperties.Memory(DataSize.ofGigabytes(3)),
                            new KvProperties.Redis(
                                List.of("redis://a", "redis://b"),
                                true,
                                "kv",
                                "secret",
                                "cache",
                                "one:",
                                Duration.ofHours(2),
                                Duration.ofMillis(70)))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "slipstream.kv.storage=floppy",
        "slipstream.kv.max-block-size=0B",
        "slipstream.kv.max-block-size=65MB",
        "slipstream.kv.max-keys=0",
        "slipstream.kv.max-fetch-size=0B",
        "slipstream.kv.max-in-flight=15MB",
        "slipstream.kv.memory.capacity=1KB",
        "slipstream.kv.memory.capacity=plenty",
        "slipstream.kv.redis.time-to-live=0s",
        "slipstream.kv.redis.command-timeout=1ms",
        "slipstream.kv.redis.command-timeout=2m",
        "slipstream.kv.redis.cluster=perhaps"
      })
  void aValueThatCannotWorkStopsTheStart(String property) {
    context.withPropertyValues(property).run(c -> assertThat(c).hasFailed());
  }

  /** Spring prints a record that does not validate. */
  @Test
  void thePasswordIsNotPrinted() {
    context
        .withPropertyValues(
            "slipstream.kv.redis.password=secret", "slipstream.kv.redis.uris=redis://:secret@a")
        .run(c -> assertThat(c.getBean(KvProperties.class).toString()).doesNotContain("secret"));
  }
}
