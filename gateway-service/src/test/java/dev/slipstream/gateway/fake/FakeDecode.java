package dev.slipstream.gateway.fake;

import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeRequest;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.DecodeStarted;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.Timings;
import dev.slipstream.proto.v1.TokenLogprob;
import dev.slipstream.proto.v1.Usage;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** One stream to a {@link FakeTarget}. */
public final class FakeDecode {
  private final ServerCallStreamObserver<DecodeResponse> responses;
  private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
  private final BlockingQueue<Proposal> proposals = new LinkedBlockingQueue<>();
  private volatile DecodeStart start;
  private int length;
  private float logprob = -0.5f;

  FakeDecode(ServerCallStreamObserver<DecodeResponse> responses) {
    this.responses = responses;
    responses.setOnCancelHandler(() -> cancelled.complete(null));
  }

  StreamObserver<DecodeRequest> requests(Runnable whenStarted) {
    return new StreamObserver<>() {
      @Override
      public void onNext(DecodeRequest request) {
        if (request.hasStart()) {
          start = request.getStart();
          length = start.getPromptCount();
          whenStarted.run();
        } else {
          proposals.add(request.getProposal());
        }
      }

      @Override
      public void onError(Throwable cause) {}

      @Override
      public void onCompleted() {}
    };
  }

  public DecodeStart start() {
    return start;
  }

  /** Script that leaves everything to the test. */
  void hold() {}

  public Proposal nextProposal() {
    return Waiting.poll(proposals, "a proposal");
  }

  public void awaitCancel() {
    Waiting.get(cancelled, "the end of the target's stream");
  }

  public synchronized FakeDecode started() {
    responses.onNext(
        DecodeResponse.newBuilder()
            .setStarted(DecodeStarted.newBuilder().setCachedTokens(3).setRemoteCachedTokens(2))
            .build());
    return this;
  }

  public FakeDecode commit(String text) {
    return commit(TestVocabulary.tokens(text), 0, 0);
  }

  /** A pass that decided these tokens. */
  public FakeDecode commit(List<Integer> tokens, int drafted, int accepted) {
    return commit(tokens, Committed.newBuilder().setDrafted(drafted).setAccepted(accepted));
  }

  /**
   * A pass that decided these tokens.
   *
   * @param committed what else it says
   */
  public synchronized FakeDecode commit(List<Integer> tokens, Committed.Builder committed) {
    committed.setBaseLength(length).setWantedDraftTokens(8);
    tokens.forEach(token -> committed.addTokens(token(token)));
    length += tokens.size();
    send(DecodeResponse.newBuilder().setCommitted(committed).build());
    return this;
  }

  /** Forgets to send some tokens. */
  public synchronized FakeDecode skip(int tokens) {
    length += tokens;
    return this;
  }

  /** What the tokens from now on are worth, if the gateway asks for that. */
  public synchronized FakeDecode likely(float logprob) {
    this.logprob = logprob;
    return this;
  }

  private CommittedToken token(int id) {
    CommittedToken.Builder token = CommittedToken.newBuilder().setId(id);
    if (start.hasTopLogprobs()) {
      token.setLogprob(logprob);
      for (int i = 0; i < start.getTopLogprobs(); i++) {
        token.addTopLogprobs(
            TokenLogprob.newBuilder().setToken((id + i) % 256).setLogprob(logprob - i));
      }
    }
    return token.build();
  }

  /** As the target does it: the end token is the last one committed. */
  public FakeDecode finishByEnd() {
    return commit(List.of(TestVocabulary.END), 0, 0).finish(FinishReason.FINISH_REASON_STOP);
  }

  public synchronized FakeDecode finish(FinishReason reason) {
    send(
        DecodeResponse.newBuilder()
            .setFinished(
                DecodeFinished.newBuilder()
                    .setReason(reason)
                    .setUsage(Usage.newBuilder().setPromptTokens(start.getPromptCount()))
                    .setSpeculation(
                        SpeculationStats.newBuilder()
                            .setLossless(Lossless.LOSSLESS_TOKEN)
                            .setState("on")
                            .setReason("expected gain 1.5"))
                    .setTimings(Timings.newBuilder().setQueueMs(1).setPrefillMs(2).setDecodeMs(3)))
            .build());
    if (!responses.isCancelled()) {
      responses.onCompleted();
    }
    return this;
  }

  public synchronized void fail(Status status) {
    fail(status, new Metadata());
  }

  public synchronized void fail(Status status, Metadata trailers) {
    responses.onError(status.asRuntimeException(trailers));
  }

  private void send(DecodeResponse response) {
    if (!responses.isCancelled()) {
      responses.onNext(response);
    }
  }
}
