package dev.slipstream.kv.redis;

import static dev.slipstream.kv.storage.Blocks.buffer;
import static dev.slipstream.kv.storage.Blocks.bytes;
import static dev.slipstream.kv.storage.Blocks.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.Blocks;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoreOutcome;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three masters without replicas. */
@Tag("suite")
class RedisClusterTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final List<RedisProcess> nodes = new ArrayList<>();
  private RedisBlockStore store;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    for (int n = 0; n < 3; n++) {
      nodes.add(
          RedisProcess.start(
              "--cluster-enabled", "yes",
              "--cluster-port", "" + RedisProcess.freePort(),
              "--cluster-config-file", folder.resolve("node-" + n).toString(),
              "--cluster-require-full-coverage", "no",
              "--cluster-node-timeout", "60000"));
    }
    List<String> create = new ArrayList<>(List.of("--cluster", "create"));
    nodes.forEach(node -> create.add("127.0.0.1:" + node.port()));
    create.addAll(List.of("--cluster-replicas", "0", "--cluster-yes"));
    nodes.getFirst().cli(create.toArray(String[]::new));
    // Each learns from the others that the cluster is whole, and refuses everything before.
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                nodes.stream()
                    .allMatch(n -> n.cli("CLUSTER", "INFO").contains("cluster_state:ok")));
    store =
        new RedisBlockStore(
            new RedisSettings(
                nodes.stream()
                    .map(n -> RedisSettings.parse(n.uri(), new RedisSettings.Credentials("", "")))
                    .toList(),
                true,
                "test:",
                Duration.ofHours(1),
                Duration.ofSeconds(10),
                Optional.empty()),
            new SimpleMeterRegistry());
    await().atMost(PATIENCE).until(() -> put(-1) == StoreOutcome.STORED);
  }

  @AfterEach
  void stop() {
    if (store != null) {
      store.close();
    }
    nodes.forEach(RedisProcess::close);
  }

  private StoreOutcome put(long number) {
    CRC32C crc = new CRC32C();
    crc.update(buffer(number, 100));
    return store.put(new BlockId("acme", key(number)), buffer(number, 100), (int) crc.getValue());
  }

  @Test
  void aChainSpreadsOverAllNodesAndComesBackWithoutALostOne() {
    List<ContentKey> chain = LongStream.range(0, 300).mapToObj(Blocks::key).toList();
    for (int n = 0; n < 300; n++) {
      assertThat(put(n)).isEqualTo(StoreOutcome.STORED);
    }
    assertThat(nodes).allSatisfy(n -> assertThat(Integer.parseInt(n.cli("DBSIZE"))).isPositive());
    assertThat(store.match("acme", chain)).isEqualTo(300);
    var reader = store.read("acme", chain);
    for (int n = 0; n < 300; n++) {
      assertThat(reader.next().orElseThrow().data()).isEqualTo(bytes(n, 100));
    }

    nodes.getLast().kill();

    int matched = store.match("acme", chain);
    assertThat(matched).isLessThan(300);
    for (int n = 0; n < matched; n++) {
      assertThat(store.get(new BlockId("acme", key(n)))).isPresent();
    }
    nodes.getLast().restart();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              for (int n = 0; n < 300; n++) {
                put(n);
              }
              assertThat(store.match("acme", chain)).isEqualTo(300);
            });
  }
}
