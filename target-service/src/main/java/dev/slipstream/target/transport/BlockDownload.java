package dev.slipstream.target.transport;

import com.google.protobuf.ByteString;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Collects the blocks of one fetch as long as they are intact and in order. Whatever has come when
 * the call ends, for whatever reason, is the result.
 */
final class BlockDownload implements ClientResponseObserver<FetchRequest, KvBlock> {
  private final List<ByteString> keys;
  private final int blockBytes;
  private final Consumer<Throwable> failure;
  private final Consumer<List<byte[]>> result;
  private final List<byte[]> blocks = new ArrayList<>();
  private ClientCallStreamObserver<FetchRequest> call;
  private boolean damaged;

  BlockDownload(
      List<ByteString> keys,
      int blockBytes,
      Consumer<Throwable> failure,
      Consumer<List<byte[]>> result) {
    this.keys = keys;
    this.blockBytes = blockBytes;
    this.failure = failure;
    this.result = result;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<FetchRequest> requestStream) {
    call = requestStream;
  }

  @Override
  public void onNext(KvBlock block) {
    if (damaged) {
      return;
    }
    int next = blocks.size();
    if (next < keys.size() && KvServiceClient.isIntact(block, keys.get(next), blockBytes)) {
      blocks.add(block.getData().toByteArray());
    } else {
      damaged = true;
      call.cancel("a block is not what was asked for", null);
    }
  }

  @Override
  public void onError(Throwable cause) {
    failure.accept(damaged ? new IllegalStateException("kv-service sent a damaged block") : cause);
    result.accept(blocks);
  }

  @Override
  public void onCompleted() {
    result.accept(blocks);
  }
}
