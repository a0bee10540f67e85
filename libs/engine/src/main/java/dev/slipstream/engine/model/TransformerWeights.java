package dev.slipstream.engine.model;

import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.WeightMatrix;
import dev.slipstream.engine.tensor.WeightMemory;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.ArrayList;
import java.util.List;

/**
 * All weights of a model of the Llama family.
 *
 * @param head output projection; the embedding itself where the two are tied
 * @param ropeFactors divisors of the RoPE frequencies, or empty
 */
record TransformerWeights(
    ModelConfig config,
    WeightMatrix embedding,
    List<TransformerLayer> layers,
    float[] outputNorm,
    WeightMatrix head,
    float[] ropeFactors) {

  /**
   * @param vocabularySize tokens of the model's tokenizer
   */
  static TransformerWeights load(
      GgufFile file, int vocabularySize, ComputePool pool, WeightMemory memory) {
    if (file.tensor("token_embd.weight").isEmpty()) {
      throw new ModelFormatException(
          file.name()
              + ": tensor 'token_embd.weight' is missing; a file with a vocabulary only cannot answer");
    }
    ModelConfig config = ModelConfig.of(file.metadata(), vocabularySize);
    WeightLoader loader = new WeightLoader(file, pool, memory);
    loader.requireRows("token_embd.weight", vocabularySize);
    loader.requireRows("output.weight", vocabularySize);
    loader.requireMemory();
    WeightMatrix embedding =
        loader.matrix("token_embd.weight", config.vocabularySize(), config.dimension());
    WeightMatrix head =
        loader.find("output.weight").isPresent()
            ? loader.matrix("output.weight", config.vocabularySize(), config.dimension())
            : embedding;
    List<TransformerLayer> layers = new ArrayList<>(config.layers());
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer(loader, config, "blk." + i + "."));
    }
    TransformerWeights weights =
        new TransformerWeights(
            config,
            embedding,
            List.copyOf(layers),
            loader.vector("output_norm.weight", config.dimension()),
            head,
            loader.optionalVector("rope_freqs.weight", config.rope().dimensions() / 2));
    loader.finish();
    return weights;
  }

  private static TransformerLayer layer(WeightLoader loader, ModelConfig config, String prefix) {
    int dimension = config.dimension();
    return new TransformerLayer(
        loader.vector(prefix + "attn_norm.weight", dimension),
        loader.linear(prefix + "attn_q", config.queryDimension(), dimension),
        loader.linear(prefix + "attn_k", config.kvDimension(), dimension),
        loader.linear(prefix + "attn_v", config.kvDimension(), dimension),
        loader.optionalVector(prefix + "attn_q_norm.weight", config.headDimension()),
        loader.optionalVector(prefix + "attn_k_norm.weight", config.headDimension()),
        loader.linear(prefix + "attn_output", dimension, config.queryDimension()),
        loader.vector(prefix + "ffn_norm.weight", dimension),
        loader.linear(prefix + "ffn_gate", config.hidden(), dimension),
        loader.linear(prefix + "ffn_up", config.hidden(), dimension),
        loader.linear(prefix + "ffn_down", dimension, config.hidden()));
  }
}
