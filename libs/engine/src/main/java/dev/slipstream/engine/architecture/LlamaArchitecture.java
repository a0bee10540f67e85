package dev.slipstream.engine.architecture;

import dev.slipstream.engine.architecture.FeedForwardConfig.Activation;
import java.util.List;

/** Llama 2 and 3, and what has their shape: SmolLM2, Mistral. */
final class LlamaArchitecture implements Architecture {
  @Override
  public List<String> names() {
    return List.of("llama");
  }

  @Override
  public ModelConfig read(ArchitectureKeys keys, int vocabularySize) {
    return plain(keys, vocabularySize, RopeConfig.Pairing.NEIGHBOURS, false, ScaleConfig.NONE);
  }

  /**
   * Equal blocks that see the whole text, with a SiLU gate and without norms behind their parts.
   */
  static ModelConfig plain(
      ArchitectureKeys keys,
      int vocabularySize,
      RopeConfig.Pairing pairing,
      boolean headNorms,
      ScaleConfig scales) {
    int dimension = keys.dimension();
    HeadConfig heads = keys.heads(dimension);
    AttentionConfig attention =
        new AttentionConfig(
            keys.scale("attention.scale", (float) (1 / Math.sqrt(heads.dimension()))),
            AttentionConfig.WHOLE_TEXT,
            headNorms,
            RopeConfig.of(keys, heads.dimension(), pairing));
    return new ModelConfig(
        keys.architecture(),
        dimension,
        vocabularySize,
        keys.contextLength(),
        keys.normEpsilon(),
        heads,
        keys.blocks(attention, keys.feedForward(Activation.SILU)),
        scales);
  }
}
