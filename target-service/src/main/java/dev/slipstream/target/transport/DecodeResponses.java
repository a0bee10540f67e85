package dev.slipstream.target.transport;

import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStarted;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.SpeculationStatus;
import dev.slipstream.proto.v1.Timings;
import dev.slipstream.proto.v1.TokenLogprob;
import dev.slipstream.proto.v1.Usage;
import dev.slipstream.target.application.CommittedTokens;
import dev.slipstream.target.application.DecodeFailure;
import dev.slipstream.target.application.Outcome;
import dev.slipstream.target.application.SpeculationState;
import dev.slipstream.wire.FeedbackCodec;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** Turns what the decode loop says into messages. */
final class DecodeResponses {
  static final Metadata.Key<String> RETRY_AFTER =
      Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER);

  private DecodeResponses() {}

  static DecodeResponse started(int cachedTokens, int remoteCachedTokens) {
    return DecodeResponse.newBuilder()
        .setStarted(
            DecodeStarted.newBuilder()
                .setCachedTokens(cachedTokens)
                .setRemoteCachedTokens(remoteCachedTokens))
        .build();
  }

  static DecodeResponse committed(CommittedTokens committed) {
    Committed.Builder message =
        Committed.newBuilder()
            .setBaseLength(committed.baseLength())
            .setEpoch(committed.epoch())
            .setWantedDraftTokens(committed.wantedDraftTokens());
    committed
        .verified()
        .ifPresent(
            draft ->
                message
                    .setDrafted(draft.drafted())
                    .setAccepted(draft.accepted())
                    .setFeedback(FeedbackCodec.encode(draft)));
    for (int i = 0; i < committed.tokens().size(); i++) {
      CommittedToken.Builder token = message.addTokensBuilder().setId(committed.tokens().get(i));
      if (!committed.logprobs().isEmpty()) {
        TokenLogprobs logprobs = committed.logprobs().get(i);
        token.setLogprob(logprobs.chosen().logprob());
        for (TokenLogprobs.Entry entry : logprobs.top()) {
          token.addTopLogprobs(
              TokenLogprob.newBuilder().setToken(entry.token()).setLogprob(entry.logprob()));
        }
      }
    }
    return DecodeResponse.newBuilder().setCommitted(message).build();
  }

  static DecodeResponse finished(Outcome outcome) {
    Outcome.Usage usage = outcome.usage();
    Outcome.Timings timings = outcome.timings();
    return DecodeResponse.newBuilder()
        .setFinished(
            DecodeFinished.newBuilder()
                .setReason(reason(outcome.reason()))
                .setUsage(
                    Usage.newBuilder()
                        .setPromptTokens(usage.promptTokens())
                        .setCompletionTokens(usage.completionTokens())
                        .setCachedTokens(usage.cachedTokens())
                        .setRemoteCachedTokens(usage.remoteCachedTokens()))
                .setSpeculation(speculation(outcome.speculation()))
                .setTimings(
                    Timings.newBuilder()
                        .setQueueMs(timings.queue())
                        .setPrefillMs(timings.prefill())
                        .setDecodeMs(timings.decode())))
        .build();
  }

  static StatusRuntimeException error(DecodeFailure failure) {
    Metadata trailers = new Metadata();
    Status status =
        switch (failure) {
          case DecodeFailure.QueueFull full -> {
            trailers.put(RETRY_AFTER, Long.toString(full.retryAfter().toMillis()));
            yield Status.RESOURCE_EXHAUSTED;
          }
          case DecodeFailure.PromptTooLong _, DecodeFailure.ContinuationTooLong _ ->
              Status.OUT_OF_RANGE;
          case DecodeFailure.BadMessage _ -> Status.INVALID_ARGUMENT;
          // What leaves in good order must not look like what was killed: see the gateway's
          // Failover.
          case DecodeFailure.ShuttingDown _ -> Status.ABORTED;
          case DecodeFailure.OutOfService _ -> Status.UNAVAILABLE;
          case DecodeFailure.Broken _ -> Status.INTERNAL;
          case DecodeFailure.OutOfMemory _ -> Status.RESOURCE_EXHAUSTED;
        };
    return status.withDescription(failure.message()).asRuntimeException(trailers);
  }

  private static FinishReason reason(Outcome.Reason reason) {
    return switch (reason) {
      case STOP -> FinishReason.FINISH_REASON_STOP;
      case LENGTH -> FinishReason.FINISH_REASON_LENGTH;
    };
  }

  private static SpeculationStats speculation(Outcome.SpeculationFigures figures) {
    Lossless lossless =
        switch (figures.lossless()) {
          case TOKEN -> Lossless.LOSSLESS_TOKEN;
          case DISTRIBUTION -> Lossless.LOSSLESS_DISTRIBUTION;
          case NONE -> Lossless.LOSSLESS_NONE;
        };
    SpeculationStats.Builder stats =
        SpeculationStats.newBuilder()
            .setDrafted(figures.drafted())
            .setAccepted(figures.accepted())
            .setRounds(figures.rounds())
            .setLossless(lossless)
            .setState(figures.state().state())
            .setStatus(status(figures.state()))
            .setReason(figures.reason());
    for (Outcome.SourceFigures source : figures.sources()) {
      stats
          .addSourcesBuilder()
          .setSource(source.source())
          .setDrafted(source.drafted())
          .setAccepted(source.accepted());
    }
    return stats.build();
  }

  private static SpeculationStatus status(SpeculationState state) {
    return switch (state) {
      case GAIN -> SpeculationStatus.SPECULATION_STATUS_ON;
      case NO_GAIN, NO_DRAFT, NO_ROOM -> SpeculationStatus.SPECULATION_STATUS_GATED;
      case REQUEST, CONFIGURATION, NO_DRAFT_SERVICE -> SpeculationStatus.SPECULATION_STATUS_OFF;
    };
  }
}
