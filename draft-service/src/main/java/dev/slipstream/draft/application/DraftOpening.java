package dev.slipstream.draft.application;

import dev.slipstream.drafting.DraftContext;

/**
 * What a client says when it opens a stream.
 *
 * @param tokenizerDigest of the target's tokenizer; empty is not checked
 * @param prompt at least one token
 * @param drafter name, or empty for the default
 * @param maxTokens most nodes of a proposal, at least 1
 * @param context what the drafter is told
 */
public record DraftOpening(
    String tokenizerDigest, int[] prompt, String drafter, int maxTokens, DraftContext context) {}
