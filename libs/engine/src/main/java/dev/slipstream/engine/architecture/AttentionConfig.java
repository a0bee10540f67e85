package dev.slipstream.engine.architecture;

/**
 * Attention of one block.
 *
 * @param scale factor on query-key products
 * @param window tokens that a token looks at, itself included; {@link #WHOLE_TEXT} for all of them
 * @param headNorms whether every query and key head is normed before it is rotated
 * @param rope rotary position embedding
 */
public record AttentionConfig(float scale, int window, boolean headNorms, RopeConfig rope) {
  public static final int WHOLE_TEXT = Integer.MAX_VALUE;
}
