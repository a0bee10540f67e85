package dev.slipstream.kv.transport;

import dev.slipstream.kv.application.InvalidBlockRequestException;
import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.application.TransferLimits;
import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.proto.v1.DiscardRequest;
import dev.slipstream.proto.v1.DiscardResponse;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.GetStatsRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.KvStats;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.MatchResponse;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.springframework.grpc.server.service.GrpcService;

/** The gRPC face of {@link SharedBlocks}. */
@GrpcService
class KvGrpcService extends KvServiceGrpc.KvServiceImplBase {
  private static final int EXPECTED_BLOCK_BYTES = 256 << 10;

  private final SharedBlocks cache;
  private final Turns turns;
  private final SendingMemory memory;

  KvGrpcService(SharedBlocks cache, TransferLimits limits) {
    this.cache = cache;
    // As many as there may be messages, however large each of them is.
    long turnsAtATime = limits.inFlightBytes() / limits.maxBlockBytes();
    this.turns = new Turns(Math.clamp(turnsAtATime, 1, Integer.MAX_VALUE), limits.patience());
    int expected = Math.min(limits.maxBlockBytes(), EXPECTED_BLOCK_BYTES);
    this.memory = new SendingMemory(limits.inFlightBytes(), 1 + cache.readAhead(), expected);
  }

  @Override
  public void match(MatchRequest request, StreamObserver<MatchResponse> responses) {
    try {
      int matched = cache.match(request.getTenant(), BlockMessages.keys(request.getKeysList()));
      responses.onNext(MatchResponse.newBuilder().setMatched(matched).build());
      responses.onCompleted();
    } catch (InvalidBlockRequestException e) {
      responses.onError(BlockMessages.status(e));
    }
  }

  @Override
  public void fetch(FetchRequest request, StreamObserver<KvBlock> responses) {
    try {
      var keys = BlockMessages.keys(request.getKeysList());
      cache.check(request.getTenant(), keys);
      var blocks = (ServerCallStreamObserver<KvBlock>) responses;
      new BlockSender(cache, memory, request, keys, blocks).start();
    } catch (InvalidBlockRequestException e) {
      responses.onError(BlockMessages.status(e));
    }
  }

  @Override
  public StreamObserver<StoreRequest> store(StreamObserver<StoreResponse> responses) {
    return new BlockReceiver(cache, turns, (ServerCallStreamObserver<StoreResponse>) responses);
  }

  @Override
  public void discard(DiscardRequest request, StreamObserver<DiscardResponse> responses) {
    try {
      BlockId id = new BlockId(request.getTenant(), BlockMessages.key(request.getKey()));
      boolean discarded = cache.discard(id, request.getSha256().toByteArray());
      responses.onNext(DiscardResponse.newBuilder().setDiscarded(discarded).build());
      responses.onCompleted();
    } catch (InvalidBlockRequestException e) {
      responses.onError(BlockMessages.status(e));
    }
  }

  @Override
  public void getStats(GetStatsRequest request, StreamObserver<KvStats> responses) {
    responses.onNext(BlockMessages.stats(cache));
    responses.onCompleted();
  }
}
