package dev.slipstream.engine.architecture;

/**
 * Constants that some models multiply with.
 *
 * @param embedding factor on token embeddings
 * @param residual factor on what a block's parts add to the residual stream
 * @param logits factor on logits
 * @param logitCap c of {@code c * tanh(logit / c)}, or 0 for logits that are not capped
 */
public record ScaleConfig(float embedding, float residual, float logits, float logitCap) {
  /** No such constants. */
  public static final ScaleConfig NONE = new ScaleConfig(1, 1, 1, 0);
}
