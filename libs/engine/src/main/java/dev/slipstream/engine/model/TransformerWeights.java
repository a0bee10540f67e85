package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.BlockConfig;
import dev.slipstream.engine.architecture.HeadConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.model.TransformerLayer.AttentionWeights;
import dev.slipstream.engine.model.TransformerLayer.FeedForwardWeights;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.WeightMatrix;
import dev.slipstream.engine.tensor.WeightMemory;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.ArrayList;
import java.util.List;

/**
 * All weights of a model.
 *
 * @param head output projection; the embedding itself where the two are tied
 * @param ropeFactors divisors of the RoPE frequencies, the same for all blocks, or empty
 */
record TransformerWeights(
    ModelConfig config,
    WeightMatrix embedding,
    List<TransformerLayer> layers,
    float[] outputNorm,
    WeightMatrix head,
    float[] ropeFactors) {

  /**
   * The shape of a model, if the file has all tensors of that shape, no others, and the machine
   * room for them. Weights are not looked at: packing them can take minutes.
   *
   * @param vocabularySize tokens of the model's tokenizer
   */
  static ModelConfig check(GgufFile file, int vocabularySize) {
    if (file.tensor("token_embd.weight").isEmpty()) {
      throw new ModelFormatException(
          file.name()
              + ": tensor 'token_embd.weight' is missing; a file with a vocabulary only cannot answer");
    }
    ModelConfig config = ModelConfig.of(file.metadata(), vocabularySize);
    WeightLoader.requireRows(file, "token_embd.weight", vocabularySize);
    WeightLoader.requireRows(file, "output.weight", vocabularySize);
    read(WeightLoader.looking(file), config);
    WeightLoader.requireMemory(file);
    return config;
  }

  /**
   * @param config what {@link #check} said
   */
  static TransformerWeights load(
      GgufFile file, ModelConfig config, ComputePool pool, WeightMemory memory) {
    return read(WeightLoader.packing(file, pool, memory), config);
  }

  private static TransformerWeights read(WeightLoader loader, ModelConfig config) {
    WeightMatrix embedding =
        loader.matrix("token_embd.weight", config.vocabularySize(), config.dimension());
    WeightMatrix head =
        loader.find("output.weight").isPresent()
            ? loader.matrix("output.weight", config.vocabularySize(), config.dimension())
            : embedding;
    List<TransformerLayer> layers = new ArrayList<>(config.blocks().size());
    for (BlockConfig block : config.blocks()) {
      layers.add(layer(loader, config, block, "blk." + layers.size() + "."));
    }
    TransformerWeights weights =
        new TransformerWeights(
            config,
            embedding,
            List.copyOf(layers),
            loader.vector("output_norm.weight", config.dimension()),
            head,
            loader.optionalVector("rope_freqs.weight", ropeDimensions(config) / 2));
    loader.finish();
    return weights;
  }

  private static int ropeDimensions(ModelConfig config) {
    return config.blocks().getFirst().attention().rope().dimensions();
  }

  private static TransformerLayer layer(
      WeightLoader loader, ModelConfig config, BlockConfig block, String prefix) {
    return new TransformerLayer(
        block,
        attention(loader, config, block, prefix),
        feedForward(loader, config, block, prefix));
  }

  private static AttentionWeights attention(
      WeightLoader loader, ModelConfig config, BlockConfig block, String prefix) {
    int dimension = config.dimension();
    HeadConfig heads = config.heads();
    boolean headNorms = block.attention().headNorms();
    return new AttentionWeights(
        loader.vector(prefix + "attn_norm.weight", dimension),
        loader.linear(prefix + "attn_q", heads.queryDimension(), dimension),
        loader.linear(prefix + "attn_k", heads.kvDimension(), dimension),
        loader.linear(prefix + "attn_v", heads.kvDimension(), dimension),
        loader.vectorIf(headNorms, prefix + "attn_q_norm.weight", heads.dimension()),
        loader.vectorIf(headNorms, prefix + "attn_k_norm.weight", heads.dimension()),
        loader.linear(prefix + "attn_output", dimension, heads.queryDimension()),
        loader.vectorIf(block.postNorms(), prefix + "post_attention_norm.weight", dimension));
  }

  private static FeedForwardWeights feedForward(
      WeightLoader loader, ModelConfig config, BlockConfig block, String prefix) {
    int dimension = config.dimension();
    int hidden = block.feedForward().hidden();
    return new FeedForwardWeights(
        loader.vector(prefix + "ffn_norm.weight", dimension),
        loader.linear(prefix + "ffn_gate", hidden, dimension),
        loader.linear(prefix + "ffn_up", hidden, dimension),
        loader.linear(prefix + "ffn_down", dimension, hidden),
        loader.vectorIf(block.postNorms(), prefix + "post_ffw_norm.weight", dimension));
  }
}
