package dev.slipstream.engine.model;

import dev.slipstream.engine.cache.KvLayout;
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
 * @param vocabularySize tokens of the tokenizer, rows of the embedding and of the output head
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

  // What no model of this kind exceeds. A batch of Batch.MAX_ROWS rows of any of these widths fits
  // an
  // array, so that no size made of them can wrap; products of them are checked besides.
  private static final int MAX_LAYERS = 1024;
  private static final int MAX_DIMENSION = 1 << 16;
  private static final int MAX_HIDDEN = 1 << 17;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_HEAD_DIMENSION = 1024;
  private static final int MAX_VOCABULARY = 1 << 20;
  static final int MAX_CONTEXT = 1 << 24;
  private static final float MAX_SCALE = 1000;

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
   * @param vocabularySize tokens of the model's tokenizer
   * @throws ModelFormatException naming the key, for an architecture that is not supported, and for
   *     values that no such model can have
   */
  static ModelConfig of(GgufMetadata metadata, int vocabularySize) {
    String architecture = metadata.requireString("general.architecture");
    if (!ARCHITECTURES.contains(architecture)) {
      throw new ModelFormatException(
          "architecture '%s' is not supported; supported are llama (also SmolLM2 and Mistral), qwen2"
                  .formatted(architecture)
              + " and qwen3");
    }
    Keys keys = new Keys(metadata, architecture);
    if (metadata.integer(keys.name("expert_count")).orElse(0) != 0) {
      throw keys.invalid("expert_count", "is not 0: mixtures of experts are not supported");
    }
    if (vocabularySize > MAX_VOCABULARY) {
      throw metadata.invalid(
          "tokenizer.ggml.tokens",
          "has %d tokens, more than %d".formatted(vocabularySize, MAX_VOCABULARY));
    }
    int layers = keys.size("block_count", MAX_LAYERS);
    int dimension = keys.size("embedding_length", MAX_DIMENSION);
    int heads = keys.size("attention.head_count", MAX_HEADS);
    int kvHeads = keys.size("attention.head_count_kv", heads, MAX_HEADS);
    if (heads % kvHeads != 0) {
      throw keys.invalid(
          "attention.head_count_kv",
          "is %d, which does not divide the %d query heads".formatted(kvHeads, heads));
    }
    int headDimension = headDimension(keys, dimension, heads);
    requireKvBlock(keys, layers, kvHeads, headDimension);
    return new ModelConfig(
        architecture,
        layers,
        dimension,
        keys.size("feed_forward_length", MAX_HIDDEN),
        heads,
        kvHeads,
        headDimension,
        vocabularySize,
        contextLength(keys),
        epsilon(keys),
        keys.positive("attention.scale", (float) (1 / Math.sqrt(headDimension)), MAX_SCALE),
        RopeConfig.of(keys, headDimension));
  }

  static int contextLength(Keys keys) {
    return keys.size("context_length", MAX_CONTEXT);
  }

  private static int headDimension(Keys keys, int dimension, int heads) {
    int size = keys.size("attention.key_length", dimension / heads, MAX_HEAD_DIMENSION);
    int values = keys.size("attention.value_length", dimension / heads, MAX_HEAD_DIMENSION);
    if (size != values) {
      throw keys.invalid(
          "attention.value_length",
          "is %d and attention.key_length %d: they must be equal".formatted(values, size));
    }
    if (size % 2 != 0) {
      throw keys.invalid(
          "attention.key_length", "is %d: heads of an odd size are not supported".formatted(size));
    }
    if (heads * size > MAX_DIMENSION) {
      throw keys.invalid(
          "attention.head_count",
          "(%d) times attention.key_length (%d) is %d, more than %d"
              .formatted(heads, size, heads * size, MAX_DIMENSION));
    }
    return size;
  }

  private static void requireKvBlock(Keys keys, int layers, int kvHeads, int headDimension) {
    long bytes = KvLayout.blockBytes(layers, kvHeads, headDimension);
    if (bytes > KvLayout.MAX_BLOCK_BYTES) {
      throw keys.invalid(
          "block_count",
          ("(%d) times attention.head_count_kv (%d) times attention.key_length (%d) make KV blocks"
                  + " of %d bytes, more than %d")
              .formatted(layers, kvHeads, headDimension, bytes, KvLayout.MAX_BLOCK_BYTES));
    }
  }

  private static float epsilon(Keys keys) {
    String key = "attention.layer_norm_rms_epsilon";
    float epsilon = (float) keys.metadata().requireNumber(keys.name(key));
    if (!(epsilon >= 0 && epsilon < 1)) {
      throw keys.invalid(key, "is %s, outside of [0, 1)".formatted(epsilon));
    }
    return epsilon;
  }

  /** The keys of one architecture; every refusal names the key, its value and what is allowed. */
  record Keys(GgufMetadata metadata, String architecture) {
    String name(String key) {
      return architecture + "." + key;
    }

    /** An integer from 1 to a limit. */
    int size(String key, int most) {
      return checked(key, metadata.requireInteger(name(key)), most);
    }

    int size(String key, int absent, int most) {
      return checked(key, metadata.integer(name(key)).orElse(absent), most);
    }

    private int checked(String key, int value, int most) {
      if (value < 1 || value > most) {
        throw invalid(key, "is %d, outside of 1 to %d".formatted(value, most));
      }
      return value;
    }

    /** A number above 0, up to a limit. */
    float positive(String key, float absent, float most) {
      float value = (float) metadata.number(name(key)).orElse(absent);
      if (!(value > 0 && value <= most)) {
        throw invalid(key, "is %s, not a number above 0 and up to %s".formatted(value, most));
      }
      return value;
    }

    ModelFormatException invalid(String key, String why) {
      return metadata.invalid(name(key), why);
    }
  }
}
