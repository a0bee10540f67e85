package dev.slipstream.engine.architecture;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.List;

/**
 * The shape of a decoder-only transformer: all that a forward pass needs to know besides weights.
 *
 * @param architecture value of {@code general.architecture}
 * @param dimension width of the residual stream
 * @param vocabularySize tokens of the tokenizer, rows of the embedding and of the output head
 * @param contextLength longest text the model was made for, in tokens
 * @param normEpsilon epsilon of every RMSNorm
 * @param heads of every block
 * @param blocks in the order of computation
 */
public record ModelConfig(
    String architecture,
    int dimension,
    int vocabularySize,
    int contextLength,
    float normEpsilon,
    HeadConfig heads,
    List<BlockConfig> blocks,
    ScaleConfig scales) {

  public ModelConfig {
    blocks = List.copyOf(blocks);
  }

  /** Width of the widest feed-forward layer. */
  public int hidden() {
    return blocks.stream().mapToInt(block -> block.feedForward().hidden()).max().orElseThrow();
  }

  /**
   * Reads the shape of a model.
   *
   * @param vocabularySize tokens of the model's tokenizer
   * @throws ModelFormatException naming the key, for an architecture that is not supported, and for
   *     values that no such model can have
   */
  public static ModelConfig of(GgufMetadata metadata, int vocabularySize) {
    return Architecture.read(metadata, vocabularySize);
  }
}
