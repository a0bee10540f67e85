package dev.slipstream.kv.transport;

import dev.slipstream.kv.application.InvalidBlockRequestException;
import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/**
 * Takes the blocks of one Store call, one at a turn. Blocks before a faulty one stay stored. Turns
 * expire on other threads than those that messages come on.
 */
final class BlockReceiver implements StreamObserver<StoreRequest> {
  private final SharedBlocks cache;
  private final ServerCallStreamObserver<StoreResponse> responses;
  private final Turns.Turn turn;
  private int stored;
  private int skipped;
  private boolean over;

  /**
   * To be called in the service method, the only place where gRPC's own requests can be disabled.
   */
  BlockReceiver(
      SharedBlocks cache, Turns turns, ServerCallStreamObserver<StoreResponse> responses) {
    this.cache = cache;
    this.responses = responses;
    this.turn = turns.turn(() -> responses.request(1), this::expired);
    responses.disableAutoRequest();
    turn.ask();
  }

  @Override
  public synchronized void onNext(StoreRequest request) {
    if (over) {
      return;
    }
    try {
      take(request);
    } catch (InvalidBlockRequestException e) {
      fail(BlockMessages.status(e));
    } finally {
      turn.end();
    }
    if (!over) {
      turn.ask();
    }
  }

  private void take(StoreRequest request) {
    KvBlock block = request.getBlock();
    BlockId id = new BlockId(request.getTenant(), BlockMessages.key(block.getKey()));
    if (cache.store(id, block.getData().asReadOnlyByteBuffer(), block.getCrc32C())) {
      stored++;
    } else {
      skipped++;
    }
  }

  private synchronized void expired() {
    if (!over && !responses.isCancelled()) {
      fail(
          Status.DEADLINE_EXCEEDED
              .withDescription("no block came in time; complete a stream that has no more")
              .asRuntimeException());
    }
  }

  private void fail(StatusRuntimeException status) {
    over = true;
    responses.onError(status);
  }

  /** The caller cancelled or vanished; what it stored stays. */
  @Override
  public synchronized void onError(Throwable cause) {
    over = true;
    turn.end();
  }

  @Override
  public synchronized void onCompleted() {
    turn.end();
    if (!over) {
      over = true;
      responses.onNext(StoreResponse.newBuilder().setStored(stored).setSkipped(skipped).build());
      responses.onCompleted();
    }
  }
}
