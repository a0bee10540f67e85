package dev.slipstream.system;

import com.google.protobuf.ByteString;
import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import dev.slipstream.text.tokenizer.Tokenizer;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * Somebody who reaches kv-service and has the model, and so can read and store blocks of any text
 * of any tenant.
 */
final class Insider implements AutoCloseable {
  private final ManagedChannel channel;
  private final String modelDigest;
  private final String tokenizerDigest;
  private final KvLayout layout;

  Insider(String address, Hub hub) throws Exception {
    channel =
        ManagedChannelBuilder.forTarget(address)
            .usePlaintext()
            .maxInboundMessageSize(32 << 20)
            .build();
    modelDigest = hub.digest();
    try (GgufFile file = GgufFile.open(hub.model())) {
      tokenizerDigest = Tokenizer.of(file.metadata()).digest();
      layout = layout(file.metadata());
    }
  }

  private static KvLayout layout(GgufMetadata metadata) {
    String prefix = metadata.requireString("general.architecture") + ".";
    int heads = metadata.requireInteger(prefix + "attention.head_count");
    return KvLayout.perLayer(
        metadata.requireInteger(prefix + "block_count"),
        metadata.requireInteger(prefix + "attention.head_count_kv"),
        metadata.requireInteger(prefix + "embedding_length") / heads,
        NamedEncoding.DEFAULT);
  }

  KvLayout layout() {
    return layout;
  }

  /** Keys of the blocks that a target looks for before it computes a prompt. */
  List<ByteString> keys(String tenant, int[] prompt) {
    var chain = new BlockKeyChain(modelDigest, tokenizerDigest, layout, tenant);
    chain.extend(i -> prompt[i], prompt.length - 1);
    return chain.keys().stream().map(BlockKey::bytes).map(ByteString::copyFrom).toList();
  }

  /** The blocks under the first of the keys. */
  List<KvBlock> fetch(String tenant, List<ByteString> keys) {
    List<KvBlock> blocks = new ArrayList<>();
    KvServiceGrpc.newBlockingStub(channel)
        .fetch(FetchRequest.newBuilder().setTenant(tenant).addAllKeys(keys).build())
        .forEachRemaining(blocks::add);
    return blocks;
  }

  /** Stores a block; returns whether it was taken. */
  boolean store(String tenant, ByteString key, byte[] data) throws Exception {
    CRC32C crc = new CRC32C();
    crc.update(data);
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
    requests.onNext(
        StoreRequest.newBuilder()
            .setTenant(tenant)
            .setBlock(
                KvBlock.newBuilder()
                    .setKey(key)
                    .setData(ByteString.copyFrom(data))
                    .setCrc32C((int) crc.getValue()))
            .build());
    requests.onCompleted();
    return answer.get().getStored() == 1;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
