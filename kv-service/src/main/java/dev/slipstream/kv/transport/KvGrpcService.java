package dev.slipstream.kv.transport;

import dev.slipstream.kv.application.InvalidRequestException;
import dev.slipstream.kv.application.PrefixCache;
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

/** The gRPC face of {@link PrefixCache}. */
@GrpcService
class KvGrpcService extends KvServiceGrpc.KvServiceImplBase {
  private final PrefixCache cache;

  KvGrpcService(PrefixCache cache) {
    this.cache = cache;
  }

  @Override
  public void match(MatchRequest request, StreamObserver<MatchResponse> responses) {
    try {
      int matched = cache.match(request.getTenant(), BlockMessages.keys(request.getKeysList()));
      responses.onNext(MatchResponse.newBuilder().setMatched(matched).build());
      responses.onCompleted();
    } catch (InvalidRequestException e) {
      responses.onError(BlockMessages.status(e));
    }
  }

  @Override
  public void fetch(FetchRequest request, StreamObserver<KvBlock> responses) {
    try {
      cache.check(request.getTenant(), request.getKeysCount());
      var keys = BlockMessages.keys(request.getKeysList());
      new BlockSender(cache, request, keys, (ServerCallStreamObserver<KvBlock>) responses).start();
    } catch (InvalidRequestException e) {
      responses.onError(BlockMessages.status(e));
    }
  }

  @Override
  public StreamObserver<StoreRequest> store(StreamObserver<StoreResponse> responses) {
    return new BlockReceiver(cache, responses);
  }

  @Override
  public void getStats(GetStatsRequest request, StreamObserver<KvStats> responses) {
    responses.onNext(BlockMessages.stats(cache));
    responses.onCompleted();
  }
}
