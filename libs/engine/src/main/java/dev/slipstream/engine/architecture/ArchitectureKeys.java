package dev.slipstream.engine.architecture;

import dev.slipstream.engine.cache.KvGroup;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.Collections;
import java.util.List;

/**
 * The metadata under an architecture's own prefix, checked as they are read; every refusal names
 * the key, its value and what is allowed.
 *
 * <p>The limits are what no model of these kinds exceeds. A batch of {@link
 * dev.slipstream.engine.runtime.Batch#MAX_ROWS} rows of any of these widths fits an array, so that
 * no size made of them can wrap; products of them are checked besides.
 */
record ArchitectureKeys(GgufMetadata metadata, String architecture) {
  private static final int MAX_BLOCKS = 1024;
  private static final int MAX_DIMENSION = 1 << 16;
  private static final int MAX_HIDDEN = 1 << 17;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_HEAD_DIMENSION = 1024;
  private static final int MAX_CONTEXT = 1 << 24;
  private static final float MIN_SCALE = 1e-6f;
  private static final float MAX_SCALE = 1000;

  /** The full name of a key. */
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

  /** A factor of which 0 means the same as none. */
  float scale(String key, float absent) {
    boolean none = metadata.number(name(key)).orElse(0) == 0;
    float value = none ? absent : positive(key, absent, MAX_SCALE);
    if (!none && value < MIN_SCALE) {
      throw invalid(key, "is %s, neither 0 nor at least %s".formatted(value, MIN_SCALE));
    }
    return value;
  }

  ModelFormatException invalid(String key, String why) {
    return metadata.invalid(name(key), why);
  }

  int dimension() {
    return size("embedding_length", MAX_DIMENSION);
  }

  int contextLength() {
    return size("context_length", MAX_CONTEXT);
  }

  int originalContextLength() {
    return size("rope.scaling.original_context_length", contextLength(), MAX_CONTEXT);
  }

  int blockCount() {
    return size("block_count", MAX_BLOCKS);
  }

  float normEpsilon() {
    String key = "attention.layer_norm_rms_epsilon";
    float epsilon = (float) metadata.requireNumber(name(key));
    if (!(epsilon >= 0 && epsilon < 1)) {
      throw invalid(key, "is %s, outside of [0, 1)".formatted(epsilon));
    }
    return epsilon;
  }

  HeadConfig heads(int dimension) {
    int queries = size("attention.head_count", MAX_HEADS);
    int keyValues = size("attention.head_count_kv", queries, MAX_HEADS);
    if (queries % keyValues != 0) {
      throw invalid(
          "attention.head_count_kv",
          "is %d, which does not divide the %d query heads".formatted(keyValues, queries));
    }
    int elements = headDimension(dimension, queries);
    requireKvBlock(blockCount(), keyValues, elements);
    return new HeadConfig(queries, keyValues, elements);
  }

  private int headDimension(int dimension, int heads) {
    int size = size("attention.key_length", dimension / heads, MAX_HEAD_DIMENSION);
    int values = size("attention.value_length", dimension / heads, MAX_HEAD_DIMENSION);
    if (size != values) {
      throw invalid(
          "attention.value_length",
          "is %d and attention.key_length %d: they must be equal".formatted(values, size));
    }
    if (size % 2 != 0) {
      throw invalid(
          "attention.key_length", "is %d: heads of an odd size are not supported".formatted(size));
    }
    if (heads * size > MAX_DIMENSION) {
      throw invalid(
          "attention.head_count",
          "(%d) times attention.key_length (%d) is %d, more than %d"
              .formatted(heads, size, heads * size, MAX_DIMENSION));
    }
    return size;
  }

  private void requireKvBlock(int blocks, int keyValues, int headDimension) {
    long bytes = new KvGroup(blocks, keyValues, headDimension, NamedEncoding.DEFAULT).bytes();
    if (bytes > KvLayout.MAX_BLOCK_BYTES) {
      throw invalid(
          "block_count",
          ("(%d) times attention.head_count_kv (%d) times attention.key_length (%d) make KV blocks"
                  + " of %d bytes, more than %d")
              .formatted(blocks, keyValues, headDimension, bytes, KvLayout.MAX_BLOCK_BYTES));
    }
  }

  FeedForwardConfig feedForward(FeedForwardConfig.Activation activation) {
    if (metadata.integer(name("expert_count")).orElse(0) != 0) {
      throw invalid("expert_count", "is not 0: mixtures of experts are not supported");
    }
    return new FeedForwardConfig(size("feed_forward_length", MAX_HIDDEN), activation);
  }

  /** As many equal blocks as the model has. */
  List<BlockConfig> blocks(AttentionConfig attention, FeedForwardConfig feedForward) {
    return Collections.nCopies(blockCount(), new BlockConfig(attention, feedForward, false));
  }
}
