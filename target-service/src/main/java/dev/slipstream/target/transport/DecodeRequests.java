package dev.slipstream.target.transport;

import static dev.slipstream.target.transport.InvalidRequestException.invalid;
import static dev.slipstream.target.transport.InvalidRequestException.precondition;

import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.target.application.DecodeTask;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.wire.SamplingCodec;
import dev.slipstream.wire.TokenCodec;
import java.util.HashSet;
import java.util.concurrent.ThreadLocalRandom;

/** Checks what clients send and turns it into what the decode loop takes. */
final class DecodeRequests {
  private static final int MAX_NAME_LENGTH = 256;

  private DecodeRequests() {}

  /**
   * @throws InvalidRequestException naming the field that is wrong
   * @throws dev.slipstream.wire.MalformedMessageException the same
   */
  static DecodeTask task(DecodeStart start, ServedModel model) {
    checkTokenizer(start, model);
    checkName("request_id", start.getRequestId());
    checkName("tenant", start.getTenant());
    checkName("speculation.drafter", start.getSpeculation().getDrafter());
    int[] prompt = TokenCodec.decode("prompt", start.getPromptList(), model.vocabularySize());
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
        TokenCodec.decode("stop_token_ids", start.getStopTokenIdsList(), model.vocabularySize())) {
      stop.add(token);
    }
    return new DecodeTask(
        start.getRequestId(),
        prompt,
        start.getResumedTokens(),
        SamplingCodec.decode(
            start.getSampling(),
            model.vocabularySize(),
            () -> ThreadLocalRandom.current().nextLong()),
        maxTokens,
        start.getIgnoreEos(),
        stop,
        top,
        new DecodeTask.Speculation(
            speculates(start.getSpeculation()),
            maxDraftTokens(start.getSpeculation()),
            start.getSpeculation().getDrafter(),
            shortened(start.getNoDraftReason())),
        start.getTenant());
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

  private static void checkTokenizer(DecodeStart start, ServedModel model) {
    String digest = start.getTokenizerDigest();
    if (!digest.isEmpty() && !digest.equals(model.tokenizerDigest())) {
      throw precondition(
          "the prompt was made with tokenizer %s, but the target's model has tokenizer %s",
          digest, model.tokenizerDigest());
    }
  }

  private static void checkRange(String field, int value, int least, int most) {
    if (value < least || value > most) {
      throw most == Integer.MAX_VALUE
          ? invalid("%s is %d, but must be at least %d", field, value, least)
          : invalid("%s is %d, but must be from %d to %d", field, value, least, most);
    }
  }

  /** Only told back, so it need not be refused. */
  private static String shortened(String reason) {
    return reason.length() <= MAX_NAME_LENGTH ? reason : reason.substring(0, MAX_NAME_LENGTH);
  }

  private static void checkName(String field, String value) {
    if (value.length() > MAX_NAME_LENGTH) {
      throw invalid("%s has %d characters; %d is the most", field, value.length(), MAX_NAME_LENGTH);
    }
  }
}
