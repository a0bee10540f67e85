package dev.slipstream.engine.architecture;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.List;

/** Reads the shape of the models of one family from their metadata. */
interface Architecture {
  List<Architecture> ALL =
      List.of(
          new LlamaArchitecture(),
          new QwenArchitecture(),
          new GemmaArchitecture(),
          new GraniteArchitecture());

  /** Values of {@code general.architecture} that this family goes by, with what else is meant. */
  List<String> names();

  /**
   * @param keys the model's own metadata
   * @throws ModelFormatException for values that no such model can have, and for options that are
   *     not supported; both by name
   */
  ModelConfig read(ArchitectureKeys keys, int vocabularySize);

  int MAX_VOCABULARY = 1 << 20;

  /** The shape that a file's metadata describe. */
  static ModelConfig read(GgufMetadata metadata, int vocabularySize) {
    String name = metadata.requireString("general.architecture");
    if (vocabularySize > MAX_VOCABULARY) {
      throw metadata.invalid(
          "tokenizer.ggml.tokens",
          "has %d tokens, more than %d".formatted(vocabularySize, MAX_VOCABULARY));
    }
    return ALL.stream()
        .filter(architecture -> architecture.names().contains(name))
        .findFirst()
        .orElseThrow(() -> unsupported(name))
        .read(new ArchitectureKeys(metadata, name), vocabularySize);
  }

  private static ModelFormatException unsupported(String name) {
    List<String> names = ALL.stream().flatMap(a -> a.names().stream()).toList();
    return new ModelFormatException(
        "architecture '%s' is not supported; supported are %s (SmolLM2 and Mistral are llama)"
            .formatted(name, String.join(", ", names)));
  }
}
