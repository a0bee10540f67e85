import com.google.protobuf.ByteString;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * How long a target waits for a cached prefix of 512 tokens: Match, then Fetch of 32 blocks of the
 * default model, from the kv-service at the given address. Prints milliseconds.
 */
public final class FetchBlocks {
  private static final int BLOCKS = 32;
  private static final int BLOCK_BYTES = 16 * 23_800;
  private static final int ROUNDS = 60;

  public static void main(String[] arguments) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(arguments[0], InsecureChannelCredentials.create()).build();
    MatchRequest.Builder match = MatchRequest.newBuilder().setTenant("bench");
    FetchRequest.Builder fetch = FetchRequest.newBuilder().setTenant("bench");
    for (int n = 0; n < BLOCKS; n++) {
      store(channel, n);
      match.addKeys(key(n));
      fetch.addKeys(key(n));
    }
    var kv = KvServiceGrpc.newBlockingStub(channel);
    double[] matches = new double[ROUNDS];
    double[] fetches = new double[ROUNDS];
    for (int round = -ROUNDS; round < ROUNDS; round++) {
      long start = System.nanoTime();
      if (kv.match(match.build()).getMatched() != BLOCKS) {
        throw new IllegalStateException("not all blocks are there");
      }
      long matched = System.nanoTime();
      int[] bytes = {0};
      kv.fetch(fetch.build()).forEachRemaining(block -> bytes[0] += block.getData().size());
      if (bytes[0] != BLOCKS * BLOCK_BYTES) {
        throw new IllegalStateException("blocks were lost on the way");
      }
      if (round >= 0) {
        matches[round] = (matched - start) / 1e6;
        fetches[round] = (System.nanoTime() - matched) / 1e6;
      }
    }
    print("match", matches);
    print("fetch", fetches);
    channel.shutdownNow();
  }

  private static void print(String what, double[] times) {
    Arrays.sort(times);
    System.out.printf(
        "%s: median %.1f ms, fastest %.1f, p90 %.1f%n",
        what, times[ROUNDS / 2], times[0], times[ROUNDS * 9 / 10]);
  }

  private static void store(ManagedChannel channel, int number) throws Exception {
    byte[] data = new byte[BLOCK_BYTES];
    new SplittableRandom(number).nextBytes(data);
    CRC32C crc = new CRC32C();
    crc.update(data);
    CompletableFuture<Void> stored = new CompletableFuture<>();
    StreamObserver<StoreRequest> requests =
        KvServiceGrpc.newStub(channel)
            .store(
                new StreamObserver<StoreResponse>() {
                  @Override
                  public void onNext(StoreResponse response) {}

                  @Override
                  public void onError(Throwable cause) {
                    stored.completeExceptionally(cause);
                  }

                  @Override
                  public void onCompleted() {
                    stored.complete(null);
                  }
                });
    KvBlock.Builder block = KvBlock.newBuilder().setKey(key(number)).setCrc32C((int) crc.getValue());
    requests.onNext(
        StoreRequest.newBuilder()
            .setTenant("bench")
            .setBlock(block.setData(ByteString.copyFrom(data)))
            .build());
    requests.onCompleted();
    stored.get();
  }

  private static ByteString key(int number) {
    return ByteString.copyFrom(ByteBuffer.allocate(32).putLong(number).rewind());
  }
}
