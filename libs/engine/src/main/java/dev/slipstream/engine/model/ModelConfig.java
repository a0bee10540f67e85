package dev.slipstream.engine.model;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.Set;

/**
 * The shape of a model of the Llama family.
 *
 * @param architecture value of {@code general.architecture}
 * @param layers transformer blocks
 * @param dimension width of the residual stream
 * @param hidden width of the feed-forward layer
 * @param heads query heads
 * @param kvHeads key/value heads; divides {@code heads}
 * @param headDimension elements per head, for queries, keys and values alike
 * @param vocabularySize rows of the output head
 * @param contextLength longest text the model was made for, in tokens
 * @param normEpsilon epsilon of every RMSNorm
 * @param attentionScale factor on query-key products
 * @param rope rotary position embedding
 */
public record ModelConfig(
    String architecture,
    int layers,
    int dimension,
    int hidden,
    int heads,
    int kvHeads,
    int headDimension,
    int vocabularySize,
    int contextLength,
    float normEpsilon,
    float attentionScale,
    RopeConfig rope) {

  private static final Set<String> ARCHITECTURES = Set.of("llama", "qwen2", "qwen3");

  /** Limit on any one size; larger values can only come from a damaged file. */
  private static final int MAX_SIZE = 1 << 24;

  /** Query heads that share one key/value head. */
  public int groupSize() {
    return heads / kvHeads;
  }

  public int queryDimension() {
    return heads * headDimension;
  }

  public int kvDimension() {
    return kvHeads * headDimension;
  }

  /**
   * Reads the shape of a model.
   *
   * @throws ModelFormatException for an architecture that is not supported, and for values that no
   *     such model can have
   */
  static ModelConfig of(GgufMetadata metadata, int vocabularySize) {
    String architecture = metadata.requireString("general.architecture");
    if (!ARCHITECTURES.contains(architecture)) {
      throw new ModelFormatException(
          "architecture '%s' is not supported; supported are llama (also SmolLM2 and Mistral), qwen2"
                  .formatted(architecture)
              + " and qwen3");
    }
    String prefix = architecture + ".";
    if (metadata.integer(prefix + "expert_count").orElse(0) > 0) {
      throw new ModelFormatException(
          "mixture-of-experts models (%sexpert_count > 0) are not supported".formatted(prefix));
    }
    int dimension = size(metadata, prefix + "embedding_length");
    int heads = size(metadata, prefix + "attention.head_count");
    int kvHeads = metadata.integer(prefix + "attention.head_count_kv").orElse(heads);
    if (kvHeads < 1 || heads % kvHeads != 0) {
      throw new ModelFormatException(
          "%sattention.head_count_kv is %d, which does not divide the %d query heads"
              .formatted(prefix, kvHeads, heads));
    }
    int headDimension = headDimension(metadata, prefix, dimension, heads);
    return new ModelConfig(
        architecture,
        size(metadata, prefix + "block_count"),
        dimension,
        size(metadata, prefix + "feed_forward_length"),
        heads,
        kvHeads,
        headDimension,
        vocabularySize,
        size(metadata, prefix + "context_length"),
        epsilon(metadata, prefix),
        (float) metadata.number(prefix + "attention.scale").orElse(1 / Math.sqrt(headDimension)),
        RopeConfig.of(metadata, architecture, headDimension));
  }

  private static int headDimension(GgufMetadata metadata, String prefix, int dimension, int heads) {
    int keys = metadata.integer(prefix + "attention.key_length").orElse(dimension / heads);
    int values = metadata.integer(prefix + "attention.value_length").orElse(dimension / heads);
    if (keys != values) {
      throw new ModelFormatException(
          "keys of %d and values of %d elements per head are not supported: they must be equal"
              .formatted(keys, values));
    }
    if (keys < 2 || keys % 2 != 0 || keys > 1024) {
      throw new ModelFormatException("heads of %d elements are not supported".formatted(keys));
    }
    return keys;
  }

  private static float epsilon(GgufMetadata metadata, String prefix) {
    String key = prefix + "attention.layer_norm_rms_epsilon";
    float epsilon = (float) metadata.requireNumber(key);
    if (!(epsilon >= 0 && epsilon < 1)) {
      throw new ModelFormatException("%s is %s, outside of [0, 1)".formatted(key, epsilon));
    }
    return epsilon;
  }

  static int size(GgufMetadata metadata, String key) {
    int value = metadata.requireInteger(key);
    if (value < 1 || value > MAX_SIZE) {
      throw new ModelFormatException(
          "%s is %d, outside of 1 to %d".formatted(key, value, MAX_SIZE));
    }
    return value;
  }
}
