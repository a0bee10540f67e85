package dev.slipstream.engine.architecture;

import java.util.List;

/** Qwen2 (biases on queries, keys and values) and Qwen3 (normed query and key heads). */
final class QwenArchitecture implements Architecture {
  @Override
  public List<String> names() {
    return List.of("qwen2", "qwen3");
  }

  @Override
  public ModelConfig read(ArchitectureKeys keys, int vocabularySize) {
    boolean headNorms = keys.architecture().equals("qwen3");
    return LlamaArchitecture.plain(
        keys, vocabularySize, RopeConfig.Pairing.HALVES, headNorms, ScaleConfig.NONE);
  }
}
