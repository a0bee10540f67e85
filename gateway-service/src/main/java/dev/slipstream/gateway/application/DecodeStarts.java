package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.SequenceOptions;
import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.GenerateRequest;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a target is told of one answer, now or when it goes on with it. */
record DecodeStarts(PreparedRequest prepared, String requestId, SequenceOptions options) {

  /**
   * @param generated tokens that the client has already
   * @param target what the target serves, if it can still be reached
   * @param draftProblem why there are no drafts, or null
   */
  DecodeStart message(
      List<Integer> generated, Optional<UpstreamModel> target, @Nullable String draftProblem) {
    GenerateRequest request = prepared.request();
    DecodeStart.Builder start =
        DecodeStart.newBuilder()
            .setRequestId(requestId)
            .setTenant(prepared.caller().tenant())
            .addAllPrompt(IntStream.of(prepared.prompt()).boxed().toList())
            .addAllPrompt(generated)
            .setResumedTokens(generated.size())
            .setSampling(request.getSampling().toBuilder().setSeed(options.seed()))
            .setIgnoreEos(request.getIgnoreEos())
            .setSpeculation(request.getSpeculation())
            .setTokenizerDigest(prepared.model().card().getTokenizerDigest());
    Optional<Integer> most = maxTokens(target);
    most.ifPresent(start::setMaxTokens);
    start.setMinTokens(Math.min(request.getMinTokens(), most.orElse(Integer.MAX_VALUE)));
    if (request.hasTopLogprobs() || options.logprobs()) {
      start.setTopLogprobs(request.getTopLogprobs());
    }
    if (draftProblem != null) {
      start.setNoDraftReason(draftProblem);
    }
    return start.build();
  }

  /** A target with a larger context must end where the one that the client was told of would. */
  private Optional<Integer> maxTokens(Optional<UpstreamModel> target) {
    if (prepared.request().hasMaxTokens()) {
      return Optional.of(prepared.request().getMaxTokens());
    }
    int context = prepared.model().contextLength();
    boolean larger = target.filter(model -> model.contextLength() > context).isPresent();
    return larger ? Optional.of(context - prepared.prompt().length) : Optional.empty();
  }
}
