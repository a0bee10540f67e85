package dev.slipstream.target.application;

import dev.slipstream.engine.sampling.TokenLogprobs;
import java.util.List;

/**
 * What one pass decided for one sequence.
 *
 * @param baseLength tokens before these, prompt included
 * @param tokens in order; at least one
 * @param logprobs one for each token, or empty if not wanted
 * @param drafted draft tokens that the pass verified
 * @param accepted draft tokens that it accepted
 * @param epoch of the newest proposal that the loop has seen
 * @param wantedDraftTokens how many draft tokens a pass can use now
 */
public record CommittedTokens(
    int baseLength,
    List<Integer> tokens,
    List<TokenLogprobs> logprobs,
    int drafted,
    int accepted,
    long epoch,
    int wantedDraftTokens) {}
