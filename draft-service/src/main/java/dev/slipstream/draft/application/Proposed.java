package dev.slipstream.draft.application;

import dev.slipstream.engine.speculation.DraftTree;

/**
 * @param epoch grows with every proposal of a stream, from 1
 * @param baseLength tokens, prompt included, that the tree continues
 * @param tree not empty, the best nodes first
 * @param drafter its name
 */
public record Proposed(long epoch, int baseLength, DraftTree tree, String drafter) {}
