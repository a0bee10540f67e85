package dev.slipstream.target.application;

import dev.slipstream.engine.sampling.SamplingParams;
import java.util.Set;

/**
 * What a client wants decoded; token ids have been checked against the vocabulary.
 *
 * @param requestId for logs
 * @param prompt not empty; never changed
 * @param resumedTokens how many ids at the end of the prompt count as generated already
 * @param sampling how tokens are chosen
 * @param maxTokens most generated tokens, resumed ones included
 * @param ignoreEnd whether the model's end tokens are tokens like any other
 * @param stopTokens ids that end the answer besides the model's own
 * @param topLogprobs number of alternatives to report with each token, or -1 for no
 *     log-probabilities at all
 * @param speculation what it wants of drafts
 * @param tenant whose cached prefixes may be used
 */
public record DecodeTask(
    String requestId,
    int[] prompt,
    int resumedTokens,
    SamplingParams sampling,
    int maxTokens,
    boolean ignoreEnd,
    Set<Integer> stopTokens,
    int topLogprobs,
    Speculation speculation,
    String tenant) {
  /** {@link #topLogprobs} of a client that wants none. */
  public static final int NO_LOGPROBS = -1;

  /**
   * @param wanted whether drafts are used
   * @param maxDraftTokens the client's limit on draft tokens in a pass
   * @param drafter the one to use; empty for any
   * @param noDraftReason why the client has no drafts, if it said so; else empty
   */
  public record Speculation(
      boolean wanted, int maxDraftTokens, String drafter, String noDraftReason) {
    boolean isOff() {
      return !wanted || maxDraftTokens == 0;
    }
  }

  public DecodeTask {
    stopTokens = Set.copyOf(stopTokens);
  }

  boolean wantsLogprobs() {
    return topLogprobs != NO_LOGPROBS;
  }
}
