package dev.slipstream.draft.application;

import dev.slipstream.drafting.Resting;

/**
 * @param maxStreams streams at a time
 * @param maxContext tokens of one stream
 * @param maxIndexedTokens tokens of all streams together, which bounds the memory
 * @param maxNodes nodes of a proposal, whatever the client asks for
 * @param resting what is proposed to a target that wants no draft tokens
 */
public record DraftLimits(
    int maxStreams, int maxContext, long maxIndexedTokens, int maxNodes, Resting resting) {}
