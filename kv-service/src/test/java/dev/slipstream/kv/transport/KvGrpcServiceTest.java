package dev.slipstream.kv.transport;

import static dev.slipstream.kv.transport.KvClient.block;
import static dev.slipstream.kv.transport.KvClient.fetchRequest;
import static dev.slipstream.kv.transport.KvClient.key;
import static dev.slipstream.kv.transport.KvClient.response;
import static dev.slipstream.kv.transport.KvClient.sha256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.GetStatsRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.KvStats;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.grpc.test.autoconfigure.LocalGrpcServerPort;
import org.springframework.boot.micrometer.metrics.test.autoconfigure.AutoConfigureMetrics;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The service over a real port, as a target in another process uses it. */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.grpc.server.port=0",
      "slipstream.kv.memory.capacity=256MB",
      "slipstream.kv.max-block-size=8MB",
      "slipstream.kv.max-keys=100",
      "slipstream.kv.max-fetch-size=45MB",
      "slipstream.kv.max-in-flight=24MB"
    })
@Tag("suite")
@AutoConfigureMetrics
@Timeout(120)
class KvGrpcServiceTest {
  private static final AtomicInteger TENANTS = new AtomicInteger();

  @LocalGrpcServerPort private int grpcPort;
  @LocalServerPort private int httpPort;

  /** One per test, so that tests sharing the service do not see each other's blocks. */
  private final String tenant = "tenant-" + TENANTS.incrementAndGet();

  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    channel = open();
  }

  private ManagedChannel open() {
    return ManagedChannelBuilder.forAddress("localhost", grpcPort)
        .usePlaintext()
        .maxInboundMessageSize(9 << 20)
        .build();
  }

  @AfterEach
  void disconnect() {
    channel.shutdownNow();
  }

  @Test
  void storedBlocksAreMatchedAndFetchedInOrderWithTheirChecksums() throws Exception {
    List<KvBlock> blocks = List.of(block(1, 1000), block(2, 400_000), block(3, 8 << 20));

    assertThat(store(tenant, blocks)).isEqualTo(response(3, 0));

    assertThat(match(tenant, 1, 2, 3, 4)).isEqualTo(3);
    assertThat(fetch(tenant, 1, 2, 3, 4)).isEqualTo(blocks);
    assertThat(store(tenant, blocks)).isEqualTo(response(0, 3));
  }

  @Test
  void aFetchEndsAtTheFirstMissingBlock() throws Exception {
    store(tenant, List.of(block(1, 100), block(3, 100)));

    assertThat(fetch(tenant, 1, 2, 3)).containsExactly(block(1, 100));
    assertThat(fetch(tenant)).isEmpty();
  }

  @Test
  void anotherTenantHasNothing() throws Exception {
    store(tenant, List.of(block(1, 100)));

    assertThat(match(tenant + "-rival", 1)).isZero();
    assertThat(fetch(tenant + "-rival", 1)).isEmpty();
  }

  @Test
  void aDamagedBlockIsRefusedAndNeverServed() {
    KvBlock damaged = block(1, 100).toBuilder().setCrc32C(1).build();

    assertRefused(() -> store(tenant, List.of(damaged)), "CRC-32C");
    assertThat(match(tenant, 1)).isZero();
  }

  @Test
  void badRequestsAreInvalidArgumentsThatSayWhy() {
    ByteString shortKey = ByteString.copyFrom(new byte[31]);
    assertRefused(
        () -> store(tenant, List.of(block(1, 10).toBuilder().setKey(shortKey).build())), "31");
    assertRefused(
        () -> store(tenant, List.of(block(1, 10).toBuilder().clearData().build())), "0 bytes");
    assertRefused(() -> store(tenant, List.of(block(1, (8 << 20) + 1))), "8388609");
    assertRefused(() -> match("x".repeat(257), 1), "256");
    assertRefused(() -> match(tenant, new int[101]), "101 keys");
    assertRefused(() -> fetch(tenant, new int[101]), "101 keys");
    assertRefused(
        () ->
            KvServiceGrpc.newBlockingStub(channel)
                .match(MatchRequest.newBuilder().addKeys(shortKey).build()),
        "31");
  }

  /** A small request that is answered with gigabytes is a weapon. */
  @Test
  void aKeyTwiceInARequestIsRefusedByName() throws Exception {
    store(tenant, List.of(block(1, 1 << 20), block(2, 1 << 20)));
    double before = metric("slipstream_kv_blocks_fetched_total");

    assertRefused(() -> fetch(tenant, 1, 1), "keys[1] is keys[0] once more");
    assertRefused(() -> fetch(tenant, 1, 2, 3, 2), "keys[3] is keys[1] once more");
    assertRefused(() -> fetch(tenant, new int[100]), "once more");
    assertRefused(() -> match(tenant, 1, 2, 1), "keys[2] is keys[0] once more");

    assertThat(metric("slipstream_kv_blocks_fetched_total")).isEqualTo(before);
    assertThat(fetch(tenant, 1, 2)).hasSize(2);
  }

  @Test
  void aFetchEndsWhenItHasSentAsMuchAsACallMay() throws Exception {
    store(tenant, IntStream.range(0, 60).mapToObj(n -> block(n, 1 << 20)).toList());

    List<KvBlock> first = fetch(tenant, IntStream.range(0, 60).toArray());
    List<KvBlock> rest = fetch(tenant, IntStream.range(first.size(), 60).toArray());

    assertThat(first).hasSize(45).last().returns(key(44), KvBlock::getKey);
    assertThat(rest).as("in a call of its own").hasSize(15);
  }

  /** Each of them would otherwise have a block on the heap, for as long as it likes. */
  @Test
  void readersThatDoNotReadAreRefusedBeforeTheyTakeAllMemory() throws Exception {
    List<KvBlock> blocks = List.of(block(1, 8 << 20), block(2, 8 << 20));
    store(tenant, blocks);
    assertThat(fetch(tenant, 1, 2)).hasSize(2);
    List<SlowReader> readers = new ArrayList<>();
    List<ManagedChannel> channels = new ArrayList<>();
    for (int n = 0; n < 8; n++) {
      readers.add(new SlowReader());
      channels.add(open());
      KvServiceGrpc.newStub(channels.getLast())
          .fetch(fetchRequest(tenant, 1, 2), readers.getLast());
    }
    int refused = 0;
    for (SlowReader reader : readers) {
      CompletableFuture.anyOf(reader.first, reader.done.handle((count, cause) -> 0)).get();
      if (reader.done.isCompletedExceptionally()) {
        refused++;
        assertThat(Status.fromThrowable(reader.done.exceptionNow()).getCode())
            .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      }
    }
    // Three blocks of 8 MB fit into 24.
    assertThat(refused).isBetween(5, 7);
    assertThat(match(tenant, 1, 2)).as("others are served").isEqualTo(2);
    channels.forEach(ManagedChannel::shutdownNow);
    await().ignoreExceptions().untilAsserted(() -> assertThat(fetch(tenant, 1, 2)).hasSize(2));
  }

  @Test
  void aBlockIsDiscardedOnlyByWhoeverKnowsWhatItHolds() throws Exception {
    KvBlock poisoned = block(1, 100_000);
    KvBlock good = block(2, 100_000).toBuilder().setKey(poisoned.getKey()).build();
    KvClient kv = new KvClient(channel);
    store(tenant, List.of(poisoned, block(3, 100)));

    assertThat(kv.discard(tenant, poisoned, sha256(good))).isFalse();
    assertThat(kv.discard(tenant + "-rival", poisoned, sha256(poisoned))).isFalse();
    assertThat(kv.discard(tenant, block(7, 1), sha256(poisoned))).isFalse();
    assertThat(match(tenant, 1)).isEqualTo(1);

    assertThat(kv.discard(tenant, poisoned, sha256(poisoned))).isTrue();
    assertThat(match(tenant, 1)).isZero();
    assertThat(match(tenant, 3)).as("another block").isEqualTo(1);
    assertThat(store(tenant, List.of(good))).isEqualTo(response(1, 0));
    assertThat(kv.discard(tenant, poisoned, sha256(poisoned))).as("late").isFalse();
    assertThat(fetch(tenant, 1)).containsExactly(good);
    assertThat(metric("slipstream_kv_blocks_discarded_total")).isEqualTo(1);
    assertRefused(() -> kv.discard(tenant, good, ByteString.EMPTY), "sha256 has 0 bytes");
    assertRefused(() -> kv.discard("x".repeat(257), good, sha256(good)), "256");
  }

  @Test
  void aSlowReaderIsNotSentMoreThanItAskedFor() throws Exception {
    List<KvBlock> blocks = new ArrayList<>();
    for (int n = 0; n < 40; n++) {
      blocks.add(block(n, 1 << 20));
    }
    store(tenant, blocks);
    double before = metric("slipstream_kv_blocks_fetched_total");
    SlowReader reader = new SlowReader();

    KvServiceGrpc.newStub(channel)
        .fetch(fetchRequest(tenant, IntStream.range(0, 40).toArray()), reader);
    reader.first.get();
    double early = metric("slipstream_kv_blocks_fetched_total") - before;
    reader.askForAll();

    assertThat(reader.done.get()).isEqualTo(40);
    assertThat(early).as("blocks copied before the reader asked for a second one").isLessThan(10);
  }

  @Test
  void figuresAndHealthAreThereForOperators() throws Exception {
    store(tenant, List.of(block(1, 100)));
    match(tenant, 1, 2);

    assertThat(stats().getStorage()).isEqualTo("memory");
    assertThat(stats().getCapacityBytes()).isEqualTo(256 << 20);
    assertThat(stats().getBlocks()).isPositive();
    assertThat(stats().getBytes()).isPositive();
    assertThat(stats().getQueries()).isGreaterThan(stats().getHits());
    assertThat(metric("slipstream_kv_blocks_queried_total")).isGreaterThanOrEqualTo(2);
    assertThat(metric("slipstream_kv_blocks_hit_total")).isGreaterThanOrEqualTo(1);
    assertThat(metric("slipstream_kv_cache_usage_perc")).isBetween(0.0, 1.0);
    assertThat(http("/actuator/health")).contains("UP");
    assertThat(
            HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  private KvStats stats() {
    return KvServiceGrpc.newBlockingStub(channel).getStats(GetStatsRequest.getDefaultInstance());
  }

  private int match(String of, int... numbers) {
    return new KvClient(channel).match(of, numbers);
  }

  private List<KvBlock> fetch(String of, int... numbers) {
    return new KvClient(channel).fetch(of, numbers);
  }

  private StoreResponse store(String of, List<KvBlock> blocks) throws Exception {
    return new KvClient(channel).store(of, blocks);
  }

  private interface Call {
    void run() throws Exception;
  }

  private static void assertRefused(Call call, String reason) {
    assertThatThrownBy(call::run)
        .satisfies(
            thrown -> {
              Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
              Status status = Status.fromThrowable(cause);
              assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(status.getDescription()).contains(reason);
            });
  }

  private double metric(String name) throws Exception {
    return http("/actuator/prometheus")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private String http(String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://localhost:" + httpPort + path);
      return client
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** Asks for one block and then waits until it is told to go on. */
  private static final class SlowReader implements ClientResponseObserver<FetchRequest, KvBlock> {
    final CompletableFuture<Void> first = new CompletableFuture<>();
    final CompletableFuture<Integer> done = new CompletableFuture<>();
    private ClientCallStreamObserver<FetchRequest> call;
    private int received;

    @Override
    public void beforeStart(ClientCallStreamObserver<FetchRequest> requestStream) {
      call = requestStream;
      call.disableAutoRequestWithInitial(1);
    }

    void askForAll() {
      call.request(Integer.MAX_VALUE);
    }

    @Override
    public void onNext(KvBlock block) {
      received++;
      first.complete(null);
    }

    @Override
    public void onError(Throwable cause) {
      done.completeExceptionally(cause);
    }

    @Override
    public void onCompleted() {
      done.complete(received);
    }
  }
}
