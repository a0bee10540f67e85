package dev.slipstream.target.transport;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvBlockCheck;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the blocks of one fetch as long as they are intact, in order and fit for attention.
 * Whatever has come when the call ends, for whatever reason, is the result.
 */
final class BlockDownload implements ClientResponseObserver<FetchRequest, KvBlock> {
  private final List<BlockKey> keys;
  private final KvLayout layout;
  private final Listener listener;
  private final List<byte[]> blocks = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // beforeStart
  private ClientCallStreamObserver<FetchRequest> call;

  private boolean over;

  /** Hears what became of it. */
  interface Listener {
    /** A block is of no use; those before it are the result. */
    void refused(BlockKey key, byte[] block, Refusal why, String fault);

    /** The call failed; what came before is the result. */
    void failed(Throwable cause);

    /** The end, whatever came before. */
    void result(List<byte[]> blocks);
  }

  BlockDownload(List<BlockKey> keys, KvLayout layout, Listener listener) {
    this.keys = keys;
    this.layout = layout;
    this.listener = listener;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<FetchRequest> requestStream) {
    call = requestStream;
  }

  @Override
  public void onNext(KvBlock block) {
    if (over) {
      return;
    }
    byte[] data = block.getData().toByteArray();
    if (!isAsStored(block)) {
      refuse(data, Refusal.DAMAGED, "it is not what was asked for, or not as it was stored");
      return;
    }
    KvBlockCheck.fault(layout, MemorySegment.ofArray(data))
        .ifPresentOrElse(fault -> refuse(data, Refusal.MALFORMED, fault), () -> blocks.add(data));
  }

  private boolean isAsStored(KvBlock block) {
    return blocks.size() < keys.size()
        && block.getKey().equals(KvServiceClient.bytes(keys.get(blocks.size())))
        && BlockUploader.checksum(block.getData()) == block.getCrc32C();
  }

  private void refuse(byte[] data, Refusal why, String fault) {
    over = true;
    listener.refused(keys.get(Math.min(blocks.size(), keys.size() - 1)), data, why, fault);
    call.cancel("a block is of no use", null);
  }

  @Override
  public void onError(Throwable cause) {
    if (!over) {
      listener.failed(cause);
    }
    listener.result(blocks);
  }

  @Override
  public void onCompleted() {
    listener.result(blocks);
  }
}
