package dev.slipstream.draft.transport;

import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.ListDraftersRequest;
import dev.slipstream.proto.v1.ListDraftersResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.springframework.grpc.server.service.GrpcService;

/** The gRPC face of {@link DraftStreams}. */
@GrpcService
class DraftGrpcService extends DraftServiceGrpc.DraftServiceImplBase {
  private final DraftStreams streams;

  DraftGrpcService(DraftStreams streams) {
    this.streams = streams;
  }

  @Override
  public StreamObserver<DraftRequest> draft(StreamObserver<DraftResponse> responses) {
    return new DraftRequestObserver(streams, (ServerCallStreamObserver<DraftResponse>) responses);
  }

  @Override
  public void listDrafters(
      ListDraftersRequest request, StreamObserver<ListDraftersResponse> responses) {
    responses.onNext(DraftMessages.drafters(streams));
    responses.onCompleted();
  }
}
