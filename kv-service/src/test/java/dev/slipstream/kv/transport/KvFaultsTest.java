package dev.slipstream.kv.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.application.TransferLimits;
import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.BlockStore;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoreOutcome;
import dev.slipstream.kv.storage.StoreUsage;
import dev.slipstream.kv.storage.StoredBlock;
import dev.slipstream.proto.v1.DiscardRequest;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.GetStatsRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.KvServiceGrpc.KvServiceStub;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.StoreRequest;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A target whose call never ends waits for blocks that never come, with its user behind it. */
class KvFaultsTest {
  private static final ByteString KEY = ByteString.copyFrom(new byte[32]);

  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws Exception {
    String name = InProcessServerBuilder.generateName();
    SharedBlocks cache =
        new SharedBlocks(new BrokenStore(), new SharedBlocks.Limits(1000, 10, 1000));
    var limits = new TransferLimits(1000, 1000, Duration.ofSeconds(30));
    server =
        InProcessServerBuilder.forName(name)
            .addService(new KvGrpcService(cache, limits))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test
  void everyCallEndsWithAStatusWhenTheStoreBreaks() throws Exception {
    assertFails((kv, end) -> kv.match(MatchRequest.newBuilder().addKeys(KEY).build(), end.as()));
    assertFails((kv, end) -> kv.fetch(FetchRequest.newBuilder().addKeys(KEY).build(), end.as()));
    assertFails((kv, end) -> kv.store(end.as()).onNext(store()));
    assertFails((kv, end) -> kv.discard(discard(), end.as()));
    assertFails((kv, end) -> kv.getStats(GetStatsRequest.getDefaultInstance(), end.as()));
  }

  private void assertFails(BiConsumer<KvServiceStub, End> call) throws Exception {
    End end = new End(new CompletableFuture<>());
    call.accept(KvServiceGrpc.newStub(channel), end);
    Status status = end.status().get(30, TimeUnit.SECONDS);
    assertThat(status.getCode()).isEqualTo(Status.Code.UNKNOWN);
    assertThat(status.getDescription()).doesNotContain("secret");
  }

  private static DiscardRequest discard() {
    return DiscardRequest.newBuilder().setKey(KEY).setSha256(KEY).build();
  }

  private static StoreRequest store() {
    byte[] data = {1, 2, 3};
    CRC32C crc = new CRC32C();
    crc.update(data);
    return StoreRequest.newBuilder()
        .setBlock(
            KvBlock.newBuilder()
                .setKey(KEY)
                .setData(ByteString.copyFrom(data))
                .setCrc32C((int) crc.getValue()))
        .build();
  }

  private record End(CompletableFuture<Status> status) {
    <T> StreamObserver<T> as() {
      return new StreamObserver<>() {
        @Override
        public void onNext(T response) {}

        @Override
        public void onError(Throwable cause) {
          status.complete(Status.fromThrowable(cause));
        }

        @Override
        public void onCompleted() {
          status.complete(Status.OK);
        }
      };
    }
  }

  private static final class BrokenStore implements BlockStore {
    private static <T> T fail() {
      throw new OutOfMemoryError("secret text of a user");
    }

    @Override
    public String name() {
      return "broken";
    }

    @Override
    public int match(String tenant, List<ContentKey> keys) {
      return BrokenStore.<Integer>fail();
    }

    @Override
    public Optional<StoredBlock> get(BlockId id) {
      return fail();
    }

    @Override
    public StoreOutcome put(BlockId id, ByteBuffer data, int crc32c) {
      return fail();
    }

    @Override
    public boolean remove(BlockId id, Predicate<byte[]> condition) {
      return BrokenStore.<Boolean>fail();
    }

    @Override
    public Optional<StoreUsage> usage() {
      return fail();
    }

    @Override
    public void close() {}
  }
}
