package dev.slipstream.target.transport;

import static dev.slipstream.target.transport.InvalidRequestException.invalid;
import static dev.slipstream.target.transport.InvalidRequestException.precondition;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.proto.v1.TokenProbability;
import dev.slipstream.target.application.DecodeTask;
import dev.slipstream.target.application.ServedModel;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Checks what clients send and turns it into what the decode loop takes. */
final class DecodeRequests {
  /** Draft nodes of one proposal that are looked at; the target verifies far fewer at a time. */
  static final int MAX_PROPOSAL_NODES = 1024;

  private static final int MAX_NAME_LENGTH = 256;

  private DecodeRequests() {}

  /**
   * @throws InvalidRequestException naming the field that is wrong
   */
  static DecodeTask task(DecodeStart start, ServedModel model) {
    checkTokenizer(start, model);
    checkName("request_id", start.getRequestId());
    checkName("tenant", start.getTenant());
    int[] prompt = tokens("prompt", start.getPromptList(), model.vocabularySize());
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
        tokens("stop_token_ids", start.getStopTokenIdsList(), model.vocabularySize())) {
      stop.add(token);
    }
    return new DecodeTask(
        start.getRequestId(),
        prompt,
        start.getResumedTokens(),
        sampling(start.getSampling(), model.vocabularySize()),
        maxTokens,
        start.getIgnoreEos(),
        stop,
        top,
        speculates(start.getSpeculation()),
        maxDraftTokens(start.getSpeculation()),
        shortened(start.getNoDraftReason()),
        start.getTenant());
  }

  /**
   * @throws IllegalArgumentException saying what is wrong with the proposal
   */
  static DraftTree tree(Proposal proposal, int vocabularySize) {
    if (proposal.getBaseLength() < 1) {
      throw new IllegalArgumentException("base_length is " + proposal.getBaseLength());
    }
    DraftTreeBuilder tree = DraftTree.builder(vocabularySize, MAX_PROPOSAL_NODES);
    for (DraftNode node : proposal.getNodesList()) {
      tree.add(node.getToken(), node.getParent(), distribution(node.getQList()));
    }
    return tree.build();
  }

  private static DraftDistribution distribution(List<TokenProbability> q) {
    if (q.isEmpty()) {
      return null;
    }
    int[] tokens = new int[q.size()];
    float[] probabilities = new float[q.size()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = q.get(i).getToken();
      probabilities[i] = q.get(i).getProbability();
    }
    return DraftDistribution.of(tokens, probabilities);
  }

  private static SamplingParams sampling(
      dev.slipstream.proto.v1.SamplingParams given, int vocabularySize) {
    try {
      given
          .getLogitBiasMap()
          .keySet()
          .forEach(token -> checkRange("logit_bias", token, 0, vocabularySize - 1));
      return new SamplingParams(
          given.hasTemperature() ? given.getTemperature() : 1,
          given.getTopK(),
          given.hasTopP() ? given.getTopP() : 1,
          given.getMinP(),
          given.hasRepetitionPenalty() ? given.getRepetitionPenalty() : 1,
          given.getPresencePenalty(),
          given.getFrequencyPenalty(),
          given.getLogitBiasMap(),
          given.hasSeed() ? given.getSeed() : ThreadLocalRandom.current().nextLong());
    } catch (IllegalArgumentException e) {
      throw invalid("sampling: %s", e.getMessage());
    }
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

  private static int[] tokens(String field, List<Integer> ids, int vocabularySize) {
    int[] tokens = new int[ids.size()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = ids.get(i);
      if (tokens[i] < 0 || tokens[i] >= vocabularySize) {
        throw invalid(
            "%s[%d] is token %d, outside of the vocabulary of %d",
            field, i, tokens[i], vocabularySize);
      }
    }
    return tokens;
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
