package dev.slipstream.engine.architecture;

/**
 * One transformer block: attention and then a feed-forward layer, each on the normed residual
 * stream and added to it.
 *
 * @param postNorms whether what each of the two adds is normed once more before that
 */
public record BlockConfig(
    AttentionConfig attention, FeedForwardConfig feedForward, boolean postNorms) {}
