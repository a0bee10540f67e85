package dev.slipstream.target.application;

import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.List;
import java.util.Optional;

/**
 * What one pass decided for one sequence.
 *
 * @param baseLength tokens before these, prompt included
 * @param tokens in order; at least one
 * @param logprobs one for each token, or empty if not wanted
 * @param verified what became of the draft that the pass verified; empty if there was none
 * @param epoch of the newest proposal that the loop has seen
 * @param wantedDraftTokens how many draft tokens a pass can use now
 */
public record CommittedTokens(
    int baseLength,
    List<Integer> tokens,
    List<TokenLogprobs> logprobs,
    Optional<VerifiedDraft> verified,
    long epoch,
    int wantedDraftTokens) {}
