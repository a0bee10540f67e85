package dev.slipstream.kv;

import static org.assertj.core.api.Assertions.assertThat;

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
                        new KvProperties.Memory(DataSize.ofMegabytes(512)))));
  }

  @Test
  void everyKeyIsBound() {
    context
        .withPropertyValues(
            "slipstream.kv.storage=memory",
            "slipstream.kv.max-block-size=2MB",
            "slipstream.kv.max-keys=7",
            "slipstream.kv.memory.capacity=3GB")
        .run(
            c ->
                assertThat(c.getBean(KvProperties.class))
                    .isEqualTo(
                        new KvProperties(
                            KvProperties.Storage.MEMORY,
                            DataSize.ofMegabytes(2),
                            7,
                            new KvProperties.Memory(DataSize.ofGigabytes(3)))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "slipstream.kv.storage=floppy",
        "slipstream.kv.max-block-size=0B",
        "slipstream.kv.max-block-size=65MB",
        "slipstream.kv.max-keys=0",
        "slipstream.kv.memory.capacity=1KB",
        "slipstream.kv.memory.capacity=plenty"
      })
  void aValueThatCannotWorkStopsTheStart(String property) {
    context.withPropertyValues(property).run(c -> assertThat(c).hasFailed());
  }
}
