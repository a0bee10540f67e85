package dev.slipstream.engine.architecture;

import java.util.List;

/** Granite 3: the shape of Llama, with constant factors on embeddings, residuals and logits. */
final class GraniteArchitecture implements Architecture {
  @Override
  public List<String> names() {
    return List.of("granite");
  }

  @Override
  public ModelConfig read(ArchitectureKeys keys, int vocabularySize) {
    String rotated = "rope.scaling.finetuned";
    if (!keys.metadata().bool(keys.name(rotated)).orElse(true)) {
      throw keys.invalid(rotated, "is false: models without rotation are not supported");
    }
    ScaleConfig scales =
        new ScaleConfig(
            keys.scale("embedding_scale", 1),
            keys.scale("residual_scale", 1),
            1 / keys.scale("logit_scale", 1),
            0);
    return LlamaArchitecture.plain(
        keys, vocabularySize, RopeConfig.Pairing.NEIGHBOURS, false, scales);
  }
}
