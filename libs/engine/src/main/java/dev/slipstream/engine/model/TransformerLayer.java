package dev.slipstream.engine.model;

import dev.slipstream.engine.tensor.WeightMatrix;

/**
 * The weights of one transformer block. Vectors that a model does not have are empty.
 *
 * @param queryNorm weights of the norm on every query head, or empty
 * @param keyNorm weights of the norm on every key head, or empty
 */
record TransformerLayer(
    float[] attentionNorm,
    Linear query,
    Linear key,
    Linear value,
    float[] queryNorm,
    float[] keyNorm,
    Linear output,
    float[] feedForwardNorm,
    Linear gate,
    Linear up,
    Linear down) {

  /** A matrix with an optional bias. */
  record Linear(WeightMatrix weight, float[] bias) {}
}
