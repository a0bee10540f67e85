package dev.slipstream.target.transport;

import static dev.slipstream.target.transport.InvalidRequestException.invalid;
import static dev.slipstream.target.transport.RequestFields.caller;
import static dev.slipstream.target.transport.RequestFields.checkName;
import static dev.slipstream.target.transport.RequestFields.checkRange;
import static dev.slipstream.target.transport.RequestFields.checkTokenizer;
import static dev.slipstream.target.transport.RequestFields.shortened;

import dev.slipstream.engine.sampling.MinimumLength;
import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.sampling.TokenRule;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.target.application.DecodeTask;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.target.application.TaskOwner;
import dev.slipstream.wire.SamplingCodec;
import dev.slipstream.wire.TokenCodec;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/** Checks what clients send and turns it into what the decode loop takes. */
final class DecodeRequests {
  private DecodeRequests() {}

  /**
   * @throws InvalidRequestException naming the field that is wrong
   * @throws dev.slipstream.wire.MalformedMessageException the same
   */
  static DecodeTask task(DecodeStart start, ServedModel model) {
    checkTokenizer(start.getTokenizerDigest(), model);
    TaskOwner caller = caller(start.getRequestId(), start.getTenant());
    checkName("speculation.drafter", start.getSpeculation().getDrafter());
    int[] prompt = TokenCodec.decode("prompt", start.getPromptList(), model.tokens().size());
    if (prompt.length == 0) {
      throw invalid("prompt is empty");
    }
    checkRange("resumed_tokens", start.getResumedTokens(), 0, prompt.length - 1);
    int maxTokens = start.hasMaxTokens() ? start.getMaxTokens() : Integer.MAX_VALUE;
    checkRange("max_tokens", maxTokens, 1, Integer.MAX_VALUE);
    int top = start.hasTopLogprobs() ? start.getTopLogprobs() : DecodeTask.NO_LOGPROBS;
    if (start.hasTopLogprobs()) {
      checkRange("top_logprobs", top, 0, TokenLogprobs.MAX_TOP);
    }
    HashSet<Integer> stop = new HashSet<>();
    for (int token :
        TokenCodec.decode("stop_token_ids", start.getStopTokenIdsList(), model.tokens().size())) {
      stop.add(token);
    }
    checkRange("min_tokens", start.getMinTokens(), 0, maxTokens);
    return new DecodeTask(
        caller,
        prompt,
        start.getResumedTokens(),
        SamplingCodec.decode(
            start.getSampling(),
            model.tokens().size(),
            () -> ThreadLocalRandom.current().nextLong()),
        rule(start, stop, model),
        new DecodeTask.Ending(maxTokens, start.getIgnoreEos(), stop),
        top,
        new DecodeTask.Speculation(
            speculates(start.getSpeculation()),
            maxDraftTokens(start.getSpeculation()),
            start.getSpeculation().getDrafter(),
            shortened(start.getNoDraftReason())));
  }

  private static Supplier<TokenRule> rule(DecodeStart start, Set<Integer> stop, ServedModel model) {
    Set<Integer> ends = new HashSet<>(stop);
    if (!start.getIgnoreEos()) {
      ends.addAll(model.tokens().end());
    }
    int least = start.getMinTokens();
    if (least == 0 || ends.isEmpty()) {
      return DecodeTask.NO_RULE;
    }
    if (ends.size() == model.tokens().size()) {
      throw invalid("min_tokens is %d, but stop_token_ids leaves no token to begin with", least);
    }
    return () -> new MinimumLength(least, ends);
  }

  private static boolean speculates(SpeculationOptions options) {
    return switch (options.getMode()) {
      case SPECULATION_MODE_UNSPECIFIED, SPECULATION_MODE_AUTO -> true;
      case SPECULATION_MODE_OFF -> false;
      case UNRECOGNIZED ->
          throw invalid("speculation.mode %d is not known", options.getModeValue());
    };
  }

  private static int maxDraftTokens(SpeculationOptions options) {
    int limit = options.hasMaxDraftTokens() ? options.getMaxDraftTokens() : Integer.MAX_VALUE;
    checkRange("speculation.max_draft_tokens", limit, 0, Integer.MAX_VALUE);
    return limit;
  }
}
