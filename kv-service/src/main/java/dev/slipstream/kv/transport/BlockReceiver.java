package dev.slipstream.kv.transport;

import dev.slipstream.kv.application.InvalidRequestException;
import dev.slipstream.kv.application.PrefixCache;
import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.stub.StreamObserver;

/** Takes the blocks of one Store call. Blocks before a faulty one stay stored. */
final class BlockReceiver implements StreamObserver<StoreRequest> {
  private final PrefixCache cache;
  private final StreamObserver<StoreResponse> responses;
  private int stored;
  private int skipped;
  private boolean failed;

  BlockReceiver(PrefixCache cache, StreamObserver<StoreResponse> responses) {
    this.cache = cache;
    this.responses = responses;
  }

  @Override
  public void onNext(StoreRequest request) {
    if (failed) {
      return;
    }
    KvBlock block = request.getBlock();
    try {
      BlockId id = new BlockId(request.getTenant(), BlockMessages.key(block.getKey()));
      if (cache.store(id, block.getData().asReadOnlyByteBuffer(), block.getCrc32C())) {
        stored++;
      } else {
        skipped++;
      }
    } catch (InvalidRequestException e) {
      failed = true;
      responses.onError(BlockMessages.status(e));
    }
  }

  @Override
  public void onError(Throwable cause) {
    // The caller cancelled or vanished; what it stored stays.
  }

  @Override
  public void onCompleted() {
    if (!failed) {
      responses.onNext(StoreResponse.newBuilder().setStored(stored).setSkipped(skipped).build());
      responses.onCompleted();
    }
  }
}
