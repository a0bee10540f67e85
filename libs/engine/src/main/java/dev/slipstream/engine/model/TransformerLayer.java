package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.BlockConfig;
import dev.slipstream.engine.tensor.WeightMatrix;

/** One transformer block and its weights. Vectors that a model does not have are empty. */
record TransformerLayer(
    BlockConfig config, AttentionWeights attention, FeedForwardWeights feedForward) {

  /**
   * @param norm of what goes in
   * @param queryNorm weights of the norm on every query head, or empty
   * @param keyNorm weights of the norm on every key head, or empty
   * @param postNorm of what comes out, or empty
   */
  record AttentionWeights(
      float[] norm,
      Linear query,
      Linear key,
      Linear value,
      float[] queryNorm,
      float[] keyNorm,
      Linear output,
      float[] postNorm) {}

  /**
   * @param norm of what goes in
   * @param postNorm of what comes out, or empty
   */
  record FeedForwardWeights(float[] norm, Linear gate, Linear up, Linear down, float[] postNorm) {}

  /** A matrix with an optional bias. */
  record Linear(WeightMatrix weight, float[] bias) {}
}
