package dev.slipstream.target.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.proto.v1.DecodeRequest;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.GetModelRequest;
import dev.slipstream.proto.v1.GetVocabularyRequest;
import dev.slipstream.proto.v1.ScoreRequest;
import dev.slipstream.proto.v1.ScoreResponse;
import dev.slipstream.proto.v1.TargetModel;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import dev.slipstream.proto.v1.VocabularyChunk;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.target.transport.TargetProvider.NotReadyException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.springframework.grpc.server.service.GrpcService;

/** The gRPC face of the decode loop. While the model is loading, every call is UNAVAILABLE. */
@GrpcService
class TargetGrpcService extends TargetServiceGrpc.TargetServiceImplBase {
  private static final int CHUNK_BYTES = 256 << 10;

  private final TargetProvider target;

  TargetGrpcService(TargetProvider target) {
    this.target = target;
  }

  @Override
  public StreamObserver<DecodeRequest> decode(StreamObserver<DecodeResponse> responses) {
    try {
      return new DecodeStream(
          target.served(), (ServerCallStreamObserver<DecodeResponse>) responses);
    } catch (NotReadyException e) {
      responses.onError(unavailable(e));
      return new Ignored();
    }
  }

  @Override
  public void score(ScoreRequest request, StreamObserver<ScoreResponse> responses) {
    try {
      ScoreCall.start(
          target.served(), request, (ServerCallStreamObserver<ScoreResponse>) responses);
    } catch (NotReadyException e) {
      responses.onError(unavailable(e));
    }
  }

  @Override
  public void getModel(GetModelRequest request, StreamObserver<TargetModel> responses) {
    try {
      ServedTarget served = target.served();
      ServedModel model = served.model();
      responses.onNext(
          TargetModel.newBuilder()
              .setId(model.id())
              .setArchitecture(model.weights().architecture())
              .setModelDigest(model.weights().digest())
              .setTokenizerDigest(model.tokens().digest())
              .setContextLength(served.settings().contextLength())
              .setVocabularySize(model.tokens().size())
              .setMaxDraftTokens(served.settings().maxDraftTokens())
              .setCreated(served.loaded().getEpochSecond())
              .setKvEncoding(model.kvLayout().encoding())
              .addAllDrafters(served.drafters().names())
              .setMaxTeacherTokens(TeacherProbabilities.MAX_TOKENS)
              .setWeightFormat(model.weights().format())
              .build());
      responses.onCompleted();
    } catch (NotReadyException e) {
      responses.onError(unavailable(e));
    }
  }

  @Override
  public void getVocabulary(
      GetVocabularyRequest request, StreamObserver<VocabularyChunk> responses) {
    try {
      ByteString vocabulary = UnsafeByteOperations.unsafeWrap(target.served().vocabulary());
      var observer = (ServerCallStreamObserver<VocabularyChunk>) responses;
      observer.setOnReadyHandler(new VocabularySender(vocabulary, observer));
    } catch (NotReadyException e) {
      responses.onError(unavailable(e));
    }
  }

  private static RuntimeException unavailable(NotReadyException e) {
    return Status.UNAVAILABLE.withDescription(e.getMessage()).asRuntimeException();
  }

  /** Sends as much as the client takes; gRPC calls it again when there is room for more. */
  private static final class VocabularySender implements Runnable {
    private final ByteString vocabulary;
    private final ServerCallStreamObserver<VocabularyChunk> responses;
    private int sent;
    private boolean completed;

    VocabularySender(ByteString vocabulary, ServerCallStreamObserver<VocabularyChunk> responses) {
      this.vocabulary = vocabulary;
      this.responses = responses;
    }

    @Override
    public void run() {
      while (sent < vocabulary.size() && responses.isReady()) {
        int end = Math.min(vocabulary.size(), sent + CHUNK_BYTES);
        responses.onNext(
            VocabularyChunk.newBuilder().setData(vocabulary.substring(sent, end)).build());
        sent = end;
      }
      if (sent == vocabulary.size() && !completed) {
        completed = true;
        responses.onCompleted();
      }
    }
  }

  /** For a call that has been answered. */
  private static final class Ignored implements StreamObserver<DecodeRequest> {
    @Override
    public void onNext(DecodeRequest request) {}

    @Override
    public void onError(Throwable cause) {}

    @Override
    public void onCompleted() {}
  }
}
