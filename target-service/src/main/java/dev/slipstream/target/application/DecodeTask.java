package dev.slipstream.target.application;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.TokenRule;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What a client wants decoded; token ids have been checked against the vocabulary.
 *
 * @param prompt not empty; never changed
 * @param resumedTokens how many ids at the end of the prompt count as generated already
 * @param sampling how tokens are chosen
 * @param rule makes the rule that the answer obeys, once
 * @param ending when it is over
 * @param topLogprobs number of alternatives to report with each token, or -1 for no
 *     log-probabilities at all
 * @param speculation what it wants of drafts
 */
public record DecodeTask(
    TaskOwner caller,
    int[] prompt,
    int resumedTokens,
    SamplingParams sampling,
    Supplier<TokenRule> rule,
    Ending ending,
    int topLogprobs,
    Speculation speculation) {
  /** {@link #topLogprobs} of a client that wants none. */
  public static final int NO_LOGPROBS = -1;

  /** {@link #rule} of a client that leaves it to the model. */
  public static final Supplier<TokenRule> NO_RULE = () -> TokenRule.NONE;

  /**
   * @param maxTokens most generated tokens, resumed ones included
   * @param ignoreEnd whether the model's end tokens are tokens like any other
   * @param stopTokens ids that end the answer besides the model's own
   */
  public record Ending(int maxTokens, boolean ignoreEnd, Set<Integer> stopTokens) {
    public Ending {
      stopTokens = Set.copyOf(stopTokens);
    }
  }

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

  boolean wantsLogprobs() {
    return topLogprobs != NO_LOGPROBS;
  }
}
