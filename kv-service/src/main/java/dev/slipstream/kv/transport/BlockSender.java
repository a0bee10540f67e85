package dev.slipstream.kv.transport;

import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.storage.BlockReader;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoredBlock;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Sends blocks in order as fast as the receiver takes them: a block is copied from the store only
 * when the transport is ready for it, so a slow receiver costs one block of heap (or the few that
 * the store reads ahead) and not its whole prefix.
 *
 * <p>gRPC calls back one at a time for a call, so there is no lock.
 */
final class BlockSender {
  private final SharedBlocks cache;
  private final SendingMemory memory;
  private final FetchRequest request;
  private final List<ContentKey> keys;
  private final ServerCallStreamObserver<KvBlock> responses;
  private final AtomicLong share = new AtomicLong();
  private @Nullable BlockReader blocks;
  private int next;
  private boolean done;

  BlockSender(
      SharedBlocks cache,
      SendingMemory memory,
      FetchRequest request,
      List<ContentKey> keys,
      ServerCallStreamObserver<KvBlock> responses) {
    this.cache = cache;
    this.memory = memory;
    this.request = request;
    this.keys = keys;
    this.responses = responses;
  }

  /** To be called in the service method, the only place where handlers may be set. */
  void start() {
    share.set(memory.take());
    if (share.get() == 0) {
      responses.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("other calls hold all the memory for blocks on their way")
              .asRuntimeException());
      return;
    }
    responses.setOnCancelHandler(this::end);
    responses.setOnCloseHandler(this::end);
    responses.setOnReadyHandler(this::send);
  }

  private void end() {
    done = true;
    memory.give(share.getAndSet(0));
  }

  private void send() {
    try {
      sendWhileReady();
    } catch (RuntimeException | Error e) {
      end();
      throw e;
    }
  }

  private void sendWhileReady() {
    if (blocks == null) {
      // Not before: a store that reads ahead begins here.
      blocks = cache.fetch(request.getTenant(), keys);
    }
    while (!done && responses.isReady()) {
      Optional<StoredBlock> block = blocks.next();
      if (block.isPresent()) {
        memory.saw(block.get().data().length);
        responses.onNext(BlockMessages.block(request.getKeys(next++), block.get()));
      } else {
        done = true;
        responses.onCompleted();
      }
    }
  }
}
