package dev.slipstream.target.transport;

import dev.slipstream.proto.v1.ContinuationScore;
import dev.slipstream.proto.v1.ScoreRequest;
import dev.slipstream.proto.v1.ScoreResponse;
import dev.slipstream.target.application.DecodeFailure;
import dev.slipstream.target.application.ScoreListener;
import dev.slipstream.target.application.SequenceHandle;
import dev.slipstream.wire.MalformedMessageException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.List;

/** One call of Score; the decode loop answers it. */
final class ScoreCall implements ScoreListener {
  private final ServerCallStreamObserver<ScoreResponse> responses;

  /** Set before gRPC can tell of a cancellation, as it tells of one thing after the other. */
  @SuppressWarnings("NullAway.Init")
  private SequenceHandle handle;

  private ScoreCall(ServerCallStreamObserver<ScoreResponse> responses) {
    this.responses = responses;
  }

  static void start(
      ServedTarget target,
      ScoreRequest request,
      ServerCallStreamObserver<ScoreResponse> responses) {
    ScoreCall call = new ScoreCall(responses);
    try {
      var task = ScoreRequests.task(request, target.model(), target.settings().contextLength());
      responses.setOnCancelHandler(() -> call.handle.cancel());
      call.handle = target.loop().submit(task, call);
    } catch (InvalidRequestException e) {
      responses.onError(e.status().asRuntimeException());
    } catch (MalformedMessageException e) {
      responses.onError(
          Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
    }
  }

  @Override
  public void scored(List<float[]> logprobs, int cachedTokens, int remoteCachedTokens) {
    ScoreResponse.Builder response =
        ScoreResponse.newBuilder()
            .setCachedTokens(cachedTokens)
            .setRemoteCachedTokens(remoteCachedTokens);
    for (float[] tokens : logprobs) {
      ContinuationScore.Builder score = response.addScoresBuilder();
      for (float logprob : tokens) {
        score.addLogprobs(logprob);
      }
    }
    if (!responses.isCancelled()) {
      responses.onNext(response.build());
      responses.onCompleted();
    }
  }

  @Override
  public void failed(DecodeFailure failure) {
    responses.onError(DecodeResponses.error(failure));
  }
}
