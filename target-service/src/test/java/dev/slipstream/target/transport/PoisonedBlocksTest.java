package dev.slipstream.target.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPlane;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.proto.v1.DiscardRequest;
import dev.slipstream.proto.v1.DiscardResponse;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.MatchResponse;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a kv-service has may come from anybody; what is wrong with it ends here. */
@Timeout(60)
class PoisonedBlocksTest {
  private static final KvLayout LAYOUT = KvLayout.perLayer(1, 1, 4, NamedEncoding.DEFAULT);
  private static final int BLOCKS = 4;

  private final FakeKv kv = new FakeKv();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Server server;
  private ManagedChannel channel;
  private KvServiceClient client;

  @BeforeEach
  void start() throws Exception {
    String name = InProcessServerBuilder.generateName();
    server = InProcessServerBuilder.forName(name).addService(kv).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
    open(Duration.ofHours(1), 1 << 20);
  }

  private void open(Duration refusal, long fetchMemory) {
    if (client != null) {
      client.close();
    }
    Duration patience = Duration.ofSeconds(30);
    client =
        new KvServiceClient(
            channel,
            new KvServiceClient.Limits(
                patience, 1 << 20, Duration.ofHours(1), 1 << 20, fetchMemory, refusal),
            meters);
  }

  @AfterEach
  void stop() {
    client.close();
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test
  void aMalformedBlockIsDeletedNotAskedForAgainAndCostsOnlyWhatIsBehindIt() throws Exception {
    byte[] poison = block(2);
    KvSlot slot = LAYOUT.slot(0);
    MemorySegment.ofArray(poison).asSlice(slot.keyOffset(0), slot.keys().bytes()).fill((byte) -1);
    kv.change = (n, good) -> n == 2 ? message(n, poison) : good;

    assertThat(fetch()).containsExactly(block(0), block(1));

    await().until(() -> !kv.discarded.isEmpty());
    assertThat(kv.discarded)
        .containsExactly(
            DiscardRequest.newBuilder()
                .setTenant("acme")
                .setKey(bytes(key(2)))
                .setSha256(sha256(poison))
                .build());
    assertThat(refused("malformed")).isEqualTo(1);
    assertThat(client.isAvailable()).as("the service is not to blame").isTrue();

    assertThat(fetch()).containsExactly(block(0), block(1));
    assertThat(kv.fetched.getLast()).as("not asked for again").isEqualTo(2);
    assertThat(refused("malformed")).isEqualTo(1);
  }

  @Test
  void aBlockOfAnotherSizeIsMalformedToo() throws Exception {
    kv.change = (n, good) -> message(n, new byte[LAYOUT.blockBytes() - 1]);

    assertThat(fetch()).isEmpty();
    assertThat(refused("malformed")).isEqualTo(1);
    assertThat(client.isAvailable()).isTrue();
  }

  @Test
  void blocksThatAreNotAsStoredOrNotInOrderEndTheFetch() throws Exception {
    List<Change> changes =
        List.of(
            (n, good) -> n == 1 ? good.toBuilder().setCrc32C(good.getCrc32C() ^ 1).build() : good,
            (n, good) -> n == 1 ? good.toBuilder().setKey(bytes(key(0))).build() : good,
            (n, good) -> n == 1 ? message(3, block(3)) : good,
            (n, good) -> n == 1 ? good.toBuilder().clearKey().build() : good);
    for (int i = 0; i < changes.size(); i++) {
      kv.change = changes.get(i);
      open(Duration.ofHours(1), 1 << 20);

      assertThat(fetch()).as("change %d", i).containsExactly(block(0));
      assertThat(refused("damaged")).isEqualTo(i + 1);
      assertThat(client.isAvailable()).as("damage is the service's or the network's").isFalse();
    }
    assertThat(kv.discarded).as("nobody knows what is stored").isEmpty();
  }

  @Test
  void moreBlocksThanAskedForAreNotTaken() throws Exception {
    kv.extra = true;
    assertThat(fetch()).hasSize(BLOCKS);
    assertThat(refused("damaged")).isEqualTo(1);
  }

  @Test
  void aRefusalEndsAfterAWhile() throws Exception {
    open(Duration.ofNanos(1), 1 << 20);
    kv.change = (n, good) -> message(n, new byte[1]);
    assertThat(fetch()).isEmpty();
    kv.change = (n, good) -> good;

    assertThat(fetch()).hasSize(BLOCKS);
  }

  /** A block that is stored anew must not be deleted in the place of the one before it. */
  @Test
  void aBlockOnWhichAPassFailedIsDeletedBeforeTheNextOneIsStored() throws Exception {
    byte[] bad = block(1);
    client.discard("acme", key(1), MemorySegment.ofArray(bad));
    client.store("acme", key(1), MemorySegment.ofArray(block(7)));

    await().until(() -> kv.log.size() == 2);
    assertThat(kv.log).containsExactly("discard", "store");
    assertThat(kv.discarded.getFirst().getSha256()).isEqualTo(sha256(bad));
    assertThat(refused("failed")).isEqualTo(1);
    assertThat(fetch()).as("up to that block").hasSize(1);
  }

  @Test
  void aServiceThatCannotDeleteIsStillUsed() throws Exception {
    kv.fails = true;
    client.discard("acme", key(3), MemorySegment.ofArray(block(3)));
    client.store("acme", key(5), MemorySegment.ofArray(block(5)));
    await().until(() -> kv.log.contains("store"));

    assertThat(client.isAvailable()).isTrue();
    assertThat(fetch()).hasSize(3);
  }

  @Test
  void aServiceThatIsBusyIsAskedAgain() throws Exception {
    kv.busy = true;
    assertThat(fetch()).isEmpty();
    assertThat(client.isAvailable()).isTrue();
    kv.busy = false;
    assertThat(fetch()).hasSize(BLOCKS);
  }

  @Test
  void fetchesTakeNoMoreMemoryThanTheyMay() throws Exception {
    open(Duration.ofHours(1), 2L * LAYOUT.blockBytes() + 1);
    assertThat(fetch()).hasSize(2);
    assertThat(fetch()).as("given back").hasSize(2);
    open(Duration.ofHours(1), LAYOUT.blockBytes() - 1);
    assertThat(fetch()).isEmpty();
  }

  private List<byte[]> fetch() throws Exception {
    List<BlockKey> keys = new ArrayList<>();
    for (int n = 0; n < BLOCKS; n++) {
      keys.add(key(n));
    }
    CompletableFuture<List<byte[]>> result = new CompletableFuture<>();
    client.fetch("acme", keys, LAYOUT, result::complete);
    return result.get(30, TimeUnit.SECONDS);
  }

  private double refused(String reason) {
    return meters
        .get("slipstream.kv.client.blocks.refused")
        .tag("reason", reason)
        .counter()
        .count();
  }

  private static BlockKey key(int n) {
    return BlockKey.of(ByteBuffer.allocate(BlockKey.BYTES).putInt(n).array());
  }

  private static ByteString bytes(BlockKey key) {
    return ByteString.copyFrom(key.bytes());
  }

  /** A full block, which says which one it is. */
  private static byte[] block(int n) {
    KvSlot slot = LAYOUT.slot(0);
    float[] vector = {1, n, 0, -1};
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(LAYOUT.blockBytes(), KvPlane.ALIGNMENT);
      for (int token = 0; token < KvLayout.BLOCK_TOKENS; token++) {
        slot.keys().store(block, slot.keyOffset(0), token, vector, 0);
        slot.values().store(block, slot.valueOffset(0), token, vector, 0);
      }
      return block.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static KvBlock message(int n, byte[] block) {
    ByteString data = ByteString.copyFrom(block);
    return KvBlock.newBuilder()
        .setKey(bytes(key(n)))
        .setData(data)
        .setCrc32C(BlockUploader.checksum(data))
        .build();
  }

  private static ByteString sha256(byte[] data) throws Exception {
    return ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(data));
  }

  private interface Change {
    KvBlock of(int n, KvBlock good);
  }

  /** Has every block, changed. */
  private static final class FakeKv extends KvServiceGrpc.KvServiceImplBase {
    final List<DiscardRequest> discarded = new CopyOnWriteArrayList<>();
    final List<Integer> fetched = new CopyOnWriteArrayList<>();
    final List<String> log = new CopyOnWriteArrayList<>();
    volatile Change change = (n, good) -> good;
    volatile boolean extra;
    volatile boolean fails;
    volatile boolean busy;

    @Override
    public void match(MatchRequest request, StreamObserver<MatchResponse> responses) {
      responses.onNext(MatchResponse.newBuilder().setMatched(request.getKeysCount()).build());
      responses.onCompleted();
    }

    @Override
    public void fetch(FetchRequest request, StreamObserver<KvBlock> responses) {
      if (busy) {
        responses.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException());
        return;
      }
      fetched.add(request.getKeysCount());
      for (int n = 0; n < request.getKeysCount() + (extra ? 1 : 0); n++) {
        responses.onNext(change.of(n, message(n, block(n))));
      }
      responses.onCompleted();
    }

    @Override
    public void discard(DiscardRequest request, StreamObserver<DiscardResponse> responses) {
      if (fails) {
        super.discard(request, responses);
        return;
      }
      log.add("discard");
      discarded.add(request);
      responses.onNext(DiscardResponse.newBuilder().setDiscarded(true).build());
      responses.onCompleted();
    }

    @Override
    public StreamObserver<StoreRequest> store(StreamObserver<StoreResponse> responses) {
      return new StreamObserver<>() {
        @Override
        public void onNext(StoreRequest request) {
          log.add("store");
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {
          responses.onNext(StoreResponse.getDefaultInstance());
          responses.onCompleted();
        }
      };
    }
  }
}
