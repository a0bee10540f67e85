package dev.slipstream.kv.transport;

import com.google.protobuf.ByteString;
import dev.slipstream.proto.v1.DiscardRequest;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/** A target's calls, with blocks whose bytes follow from their number. */
record KvClient(Channel channel) {
  int match(String tenant, int... numbers) {
    MatchRequest.Builder request = MatchRequest.newBuilder().setTenant(tenant);
    for (int number : numbers) {
      request.addKeys(key(number));
    }
    return KvServiceGrpc.newBlockingStub(channel).match(request.build()).getMatched();
  }

  List<KvBlock> fetch(String tenant, int... numbers) {
    List<KvBlock> blocks = new ArrayList<>();
    KvServiceGrpc.newBlockingStub(channel)
        .fetch(fetchRequest(tenant, numbers))
        .forEachRemaining(blocks::add);
    return blocks;
  }

  static FetchRequest fetchRequest(String tenant, int... numbers) {
    FetchRequest.Builder request = FetchRequest.newBuilder().setTenant(tenant);
    for (int number : numbers) {
      request.addKeys(key(number));
    }
    return request.build();
  }

  StoreResponse store(String tenant, List<KvBlock> blocks) throws Exception {
    CompletableFuture<StoreResponse> answer = new CompletableFuture<>();
    StreamObserver<StoreRequest> requests =
        KvServiceGrpc.newStub(channel)
            .store(
                new StreamObserver<>() {
                  @Override
                  public void onNext(StoreResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable cause) {
                    answer.completeExceptionally(cause);
                  }

                  @Override
                  public void onCompleted() {}
                });
    for (KvBlock block : blocks) {
      requests.onNext(StoreRequest.newBuilder().setTenant(tenant).setBlock(block).build());
    }
    requests.onCompleted();
    return answer.get();
  }

  boolean discard(String tenant, KvBlock block, ByteString sha256) {
    return KvServiceGrpc.newBlockingStub(channel)
        .discard(
            DiscardRequest.newBuilder()
                .setTenant(tenant)
                .setKey(block.getKey())
                .setSha256(sha256)
                .build())
        .getDiscarded();
  }

  static ByteString sha256(KvBlock block) {
    try {
      byte[] data = block.getData().toByteArray();
      return ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(data));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  static StoreResponse response(int stored, int skipped) {
    return StoreResponse.newBuilder().setStored(stored).setSkipped(skipped).build();
  }

  static ByteString key(int number) {
    return ByteString.copyFrom(ByteBuffer.allocate(32).putLong(number).rewind());
  }

  static KvBlock block(int number, int size) {
    byte[] data = new byte[size];
    new SplittableRandom(number).nextBytes(data);
    CRC32C crc = new CRC32C();
    crc.update(data);
    return KvBlock.newBuilder()
        .setKey(key(number))
        .setData(ByteString.copyFrom(data))
        .setCrc32C((int) crc.getValue())
        .build();
  }
}
