package dev.slipstream.kv.transport;

import static dev.slipstream.kv.transport.KvClient.block;
import static dev.slipstream.kv.transport.KvClient.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.kv.KvApplication;
import dev.slipstream.kv.redis.RedisProcess;
import dev.slipstream.proto.v1.GetStatsRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Two replicas of the service on one Redis: what one was given, the other has. */
@Tag("suite")
class SharedRedisTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<KvBlock> BLOCKS = List.of(block(1, 100), block(2, 400_000));

  private RedisProcess redis;
  private Replica first;
  private Replica second;

  @BeforeEach
  void start() {
    redis = RedisProcess.start();
    first = new Replica(redis.uri());
    second = new Replica(redis.uri());
  }

  @AfterEach
  void stop() {
    if (redis != null) {
      first.close();
      second.close();
      redis.close();
    }
  }

  @Test
  void aReplicaServesWhatAnotherOneStoredAndARestartLosesNothing() throws Exception {
    assertThat(first.kv().store("acme", BLOCKS)).isEqualTo(response(2, 0));

    assertThat(second.kv().match("acme", 1, 2, 3)).isEqualTo(2);
    assertThat(second.kv().fetch("acme", 1, 2, 3)).isEqualTo(BLOCKS);
    assertThat(second.kv().store("acme", BLOCKS)).isEqualTo(response(0, 2));
    assertThat(second.kv().match("rival", 1)).isZero();
    assertThat(second.kv().fetch("rival", 1)).isEmpty();

    first.close();
    first = new Replica(redis.uri());
    assertThat(first.kv().match("acme", 1, 2)).isEqualTo(2);
    assertThat(first.kv().fetch("acme", 1, 2)).isEqualTo(BLOCKS);
  }

  /** Or a Redis that is lost would take targets' calls, or the pods, with it. */
  @Test
  void aRedisThatIsKilledIsAMissUntilItIsBack() throws Exception {
    first.kv().store("acme", BLOCKS);
    redis.kill();

    assertThat(first.kv().match("acme", 1, 2)).isZero();
    assertThat(first.kv().fetch("acme", 1, 2)).isEmpty();
    assertThat(first.kv().store("acme", BLOCKS)).isEqualTo(response(0, 2));
    await().atMost(PATIENCE).until(() -> first.connected() == 0);
    assertThat(first.readiness()).isEqualTo(200);

    redis.restart();
    await().atMost(PATIENCE).until(() -> first.kv().store("acme", BLOCKS).equals(response(2, 0)));
    await().atMost(PATIENCE).until(() -> second.kv().match("acme", 1, 2) == 2);
    await().atMost(PATIENCE).until(() -> first.connected() == 1);
  }

  @Test
  void statisticsNameTheStorageAndLeaveOutWhatOnlyRedisKnows() {
    var stats =
        KvServiceGrpc.newBlockingStub(first.channel).getStats(GetStatsRequest.getDefaultInstance());
    assertThat(stats.getStorage()).isEqualTo("redis");
    assertThat(stats.getCapacityBytes()).isZero();
    assertThat(first.context.getBean(MeterRegistry.class).find("slipstream.kv.bytes").gauges())
        .isEmpty();
  }

  private static final class Replica implements AutoCloseable {
    final ConfigurableApplicationContext context;
    final ManagedChannel channel;

    Replica(String uri) {
      String name = "kv-" + UUID.randomUUID();
      context =
          new SpringApplicationBuilder(KvApplication.class)
              .registerShutdownHook(false)
              .logStartupInfo(false)
              .run(
                  "--server.port=0",
                  "--spring.grpc.server.port=0",
                  "--spring.grpc.server.inprocess.name=" + name,
                  "--slipstream.kv.storage=redis",
                  "--slipstream.kv.redis.uris=" + uri,
                  // A busy machine is not a lost one.
                  "--slipstream.kv.redis.command-timeout=10s");
      channel = InProcessChannelBuilder.forName(name).build();
      await().atMost(PATIENCE).until(() -> connected() == 1);
    }

    KvClient kv() {
      return new KvClient(channel);
    }

    double connected() {
      return context
          .getBean(MeterRegistry.class)
          .get("slipstream.kv.redis.connected")
          .gauge()
          .value();
    }

    int readiness() throws Exception {
      String port = context.getEnvironment().getRequiredProperty("local.server.port");
      URI uri = URI.create("http://localhost:" + port + "/actuator/health/readiness");
      try (HttpClient client = HttpClient.newHttpClient()) {
        return client
            .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
            .statusCode();
      }
    }

    @Override
    public void close() {
      channel.shutdownNow();
      context.close();
    }
  }
}
