package dev.slipstream.kv.redis;

import static dev.slipstream.kv.storage.Blocks.buffer;
import static dev.slipstream.kv.storage.Blocks.bytes;
import static dev.slipstream.kv.storage.Blocks.id;
import static dev.slipstream.kv.storage.Blocks.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.Blocks;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoreOutcome;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The store on a real server. */
@Tag("suite")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisBlockStoreTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration TIME_TO_LIVE = Duration.ofHours(1);

  /** Only a server that hangs lets it run out. */
  private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(5);

  private final RedisKeys keys = new RedisKeys("test:");
  private RedisProcess redis;
  private RedisClient client;
  private RedisCommands<byte[], byte[]> server;
  private MeterRegistry meters;
  private RedisBlockStore store;

  @BeforeAll
  void startServer() {
    redis = RedisProcess.start();
    client = RedisClient.create(redis.uri());
    server = client.connect(ByteArrayCodec.INSTANCE).sync();
  }

  @AfterAll
  void stopServer() {
    if (redis != null) {
      client.shutdown();
      redis.close();
    }
  }

  @BeforeEach
  void connect() {
    meters = new SimpleMeterRegistry();
    store = open(redis.uri(), COMMAND_TIMEOUT);
  }

  @AfterEach
  void empty() {
    store.close();
    server.flushall();
  }

  private RedisBlockStore open(String uri, Duration commandTimeout) {
    RedisURI address = RedisSettings.parse(uri, new RedisSettings.Credentials("", ""));
    RedisBlockStore opened =
        new RedisBlockStore(
            new RedisSettings(
                List.of(address), false, "test:", TIME_TO_LIVE, commandTimeout, Optional.empty()),
            meters);
    awaitConnected();
    return opened;
  }

  private void awaitConnected() {
    await()
        .atMost(PATIENCE)
        .until(() -> meters.get("slipstream.kv.redis.connected").gauge().value() == 1);
  }

  private double count(String name, String tag, String value) {
    return meters.get("slipstream.kv.redis." + name).tag(tag, value).counter().count();
  }

  private StoreOutcome put(BlockId id, int size) {
    ByteBuffer data = buffer(id.key().a(), size);
    CRC32C crc = new CRC32C();
    crc.update(data.duplicate());
    return store.put(id, data, (int) crc.getValue());
  }

  private static List<ContentKey> chain(long from, long to) {
    return LongStream.range(from, to).mapToObj(Blocks::key).toList();
  }

  @Test
  void aBlockComesBackByteForByteAndIsKeptAsItIs() {
    for (int size : List.of(1, 1000, 400_000, 8 << 20)) {
      BlockId id = id(size);
      assertThat(put(id, size)).isEqualTo(StoreOutcome.STORED);
      assertThat(store.get(id).orElseThrow().data()).isEqualTo(bytes(size, size));
      assertThat(put(id, size)).isEqualTo(StoreOutcome.PRESENT);
    }
    assertThat(store.get(id(2))).isEmpty();
    assertThat(count("reads", "result", "hit")).isEqualTo(4);
    assertThat(count("reads", "result", "miss")).isEqualTo(1);
  }

  @Test
  void aMatchCountsLeadingBlocksAndTakesAnyChain() {
    chain(0, 1000).forEach(key -> put(new BlockId("acme", key), 1));

    for (int end : List.of(0, 1, 127, 128, 129, 383, 384, 385, 1000)) {
      assertThat(store.match("acme", chain(0, end))).isEqualTo(end);
    }
    assertThat(store.match("acme", chain(0, 1500))).isEqualTo(1000);
    server.del(keys.key(id(200)));
    assertThat(store.match("acme", chain(0, 1000))).isEqualTo(200);
    assertThat(store.match("acme", chain(5000, 5001))).isZero();
  }

  @Test
  void aChainIsReadInOrderUpToTheFirstGap() {
    chain(0, 20).forEach(key -> put(new BlockId("acme", key), 1000));
    server.del(keys.key(id(12)));
    var reader = store.read("acme", chain(0, 20));

    for (int n = 0; n < 12; n++) {
      assertThat(reader.next().orElseThrow().data()).isEqualTo(bytes(n, 1000));
    }
    assertThat(reader.next()).isEmpty();
    assertThat(store.read("acme", List.of()).next()).isEmpty();
  }

  @Test
  void anotherTenantHasNothing() {
    put(id(1), 100);

    for (String rival : List.of("", "acm", "acme ", "acme:", "*", "ACME")) {
      BlockId same = new BlockId(rival, key(1));
      assertThat(store.match(rival, List.of(key(1)))).isZero();
      assertThat(store.get(same)).isEmpty();
      assertThat(put(same, 100)).as("its own copy").isEqualTo(StoreOutcome.STORED);
    }
  }

  /** Or prompts of people who are long gone would lie there for ever. */
  @Test
  void aBlockGoesSomeTimeAfterItsLastMatch() {
    put(id(1), 100);
    byte[] key = keys.key(id(1));
    assertThat(server.pttl(key)).isBetween(1L, TIME_TO_LIVE.toMillis());
    server.pexpire(key, Duration.ofMinutes(1));

    assertThat(store.match("acme", List.of(key(1)))).isEqualTo(1);

    assertThat(server.pttl(key)).isGreaterThan(Duration.ofMinutes(2).toMillis());
    server.pexpire(key, Duration.ofMillis(1));
    await().atMost(PATIENCE).until(() -> store.match("acme", List.of(key(1))) == 0);
  }

  @Test
  void aDamagedValueIsMissingCountedAndDeleted() {
    List<Consumer<byte[]>> damages =
        List.of(
            key -> server.setrange(key, 30, new byte[] {1, 2, 3}),
            key -> server.setrange(key, 0, "XXXX".getBytes()),
            key -> server.append(key, new byte[1]),
            key -> server.set(key, server.getrange(key, 0, 50)),
            key -> server.set(key, new byte[0]),
            key ->
                server.copy(keys.key(id(99)), key, io.lettuce.core.CopyArgs.Builder.replace(true)));
    put(id(99), 100);
    for (int n = 0; n < damages.size(); n++) {
      put(id(n), 100);
      damages.get(n).accept(keys.key(id(n)));

      assertThat(store.get(id(n))).as("damage %d", n).isEmpty();

      int damaged = n;
      await().atMost(PATIENCE).until(() -> server.exists(keys.key(id(damaged))) == 0);
      assertThat(count("reads", "result", "damaged")).isEqualTo(n + 1);
      assertThat(put(id(n), 100)).isEqualTo(StoreOutcome.STORED);
      assertThat(store.get(id(n))).isPresent();
    }
  }

  @Test
  void aBlockIsRemovedOnlyIfItIsTheOneMeant() {
    put(id(1), 100);

    assertThat(store.remove(id(1), content -> false)).isFalse();
    assertThat(store.remove(new BlockId("rival", key(1)), content -> true)).isFalse();
    assertThat(store.get(id(1))).isPresent();
    byte[] expected = bytes(1, 100);
    assertThat(store.remove(id(1), content -> java.util.Arrays.equals(content, expected))).isTrue();

    assertThat(store.get(id(1))).isEmpty();
    assertThat(store.remove(id(1), content -> true)).isFalse();
    assertThat(put(id(1), 100)).isEqualTo(StoreOutcome.STORED);
  }

  /** Something else under the key, which the server refuses to read as a block. */
  @Test
  void anErrorOfTheServerIsAMissAndDoesNotEndTheConnection() {
    put(id(1), 100);
    server.lpush(keys.key(id(2)), "x".getBytes());

    assertThat(store.get(id(2))).isEmpty();
    assertThat(count("errors", "reason", "refused")).isEqualTo(1);
    assertThat(store.get(id(1))).isPresent();
  }

  @Test
  void aFullServerThatEvictsNothingStoresNoMoreAndStillServes() {
    put(id(1), 100);
    server.configSet("maxmemory", "1");
    try {
      assertThat(put(id(2), 100)).isEqualTo(StoreOutcome.DECLINED);
      assertThat(store.get(id(1))).isPresent();
    } finally {
      server.configSet("maxmemory", "0");
    }
  }

  /** Or every request would wait as long again for as long as the server hangs. */
  @Test
  void aServerThatHangsCostsOneWaitAndIsUsedAgainWhenItGoesOn() {
    store.close();
    meters = new SimpleMeterRegistry();
    store = open(redis.uri(), Duration.ofMillis(300));
    put(id(1), 100);
    redis.pause();
    try {
      assertThat(store.match("acme", chain(0, 100))).isZero();
      for (int n = 0; n < 50; n++) {
        assertThat(store.match("acme", chain(0, 100))).isZero();
      }
      assertThat(count("errors", "reason", "timeout")).isEqualTo(1);
      assertThat(count("errors", "reason", "disconnected")).isEqualTo(50);
      assertThat(store.get(id(1))).isEmpty();
      assertThat(put(id(2), 100)).isEqualTo(StoreOutcome.DECLINED);
    } finally {
      redis.resume();
    }
    await().atMost(PATIENCE).until(() -> store.get(id(1)).isPresent());
    await().atMost(PATIENCE).until(() -> store.match("acme", List.of(key(1))) == 1);
  }

  /** Or a slow reader's every block would wait again, and be counted as something else. */
  @Test
  void aBlockAskedForAheadOfTimeGivesUpAServerThatHangs() {
    store.close();
    meters = new SimpleMeterRegistry();
    Duration timeout = Duration.ofSeconds(1);
    store = open(redis.uri(), timeout);
    chain(0, 8).forEach(key -> put(new BlockId("acme", key), 100));
    var reader = store.read("acme", chain(0, 8));
    assertThat(reader.next()).isPresent();
    assertThat(store.get(id(0))).as("answered after those ahead").isPresent();
    redis.pause();
    try {
      assertThat(reader.next()).as("this asks for a fifth").isPresent();
      await().pollDelay(timeout.multipliedBy(2)).until(() -> true);
      assertThat(reader.next()).isPresent();
      assertThat(reader.next()).isPresent();
      assertThat(reader.next()).isEmpty();
      assertThat(count("errors", "reason", "timeout")).isEqualTo(1);
      assertThat(store.get(id(0))).isEmpty();
      assertThat(count("errors", "reason", "disconnected")).isEqualTo(1);
    } finally {
      redis.resume();
    }
  }

  @Test
  void afterCloseThereIsNothingAndNobodyWaits() {
    put(id(1), 100);

    store.close();
    store.close();

    assertThat(store.get(id(1))).isEmpty();
    assertThat(store.match("acme", List.of(key(1)))).isZero();
    assertThat(put(id(2), 100)).isEqualTo(StoreOutcome.DECLINED);
    assertThat(store.usage()).isEmpty();
  }

  /** The rights that docs/security.md names. */
  @Test
  void aUserWithFewRightsIsEnough() {
    redis.cli(
        "ACL SETUSER kv on >secret resetkeys ~test:* -@all +hello +get +set +pexpire +del"
            .split(" "));
    store.close();
    meters = new SimpleMeterRegistry();
    store = open("redis://kv:secret@127.0.0.1:" + redis.port(), COMMAND_TIMEOUT);

    assertThat(put(id(1), 100)).isEqualTo(StoreOutcome.STORED);
    assertThat(store.match("acme", List.of(key(1)))).isEqualTo(1);
    assertThat(store.get(id(1))).isPresent();
    server.append(keys.key(id(1)), new byte[1]);
    assertThat(store.get(id(1))).isEmpty();
    await().atMost(PATIENCE).until(() -> server.exists(keys.key(id(1))) == 0);
    assertThat(count("errors", "reason", "refused")).isZero();
  }
}
