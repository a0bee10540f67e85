package dev.slipstream.engine.architecture;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.Collections;
import java.util.List;

/** The metadata under an architecture's own prefix, checked as they are read. */
final class ArchitectureKeys {
  /** Limit on any one size; larger values can only come from a damaged file. */
  private static final int MAX_SIZE = 1 << 24;

  private static final int MAX_BLOCKS = 1 << 12;
  private static final int MAX_HEAD_DIMENSION = 1024;

  private final GgufMetadata metadata;
  private final String architecture;

  ArchitectureKeys(GgufMetadata metadata, String architecture) {
    this.metadata = metadata;
    this.architecture = architecture;
  }

  String architecture() {
    return architecture;
  }

  GgufMetadata metadata() {
    return metadata;
  }

  /** The full name of a key. */
  String name(String key) {
    return architecture + "." + key;
  }

  /** A size from 1 on. */
  int size(String key) {
    return inRange(key, metadata.requireInteger(name(key)), MAX_SIZE);
  }

  int size(String key, int absent) {
    return inRange(key, metadata.integer(name(key)).orElse(absent), MAX_SIZE);
  }

  private int inRange(String key, int value, int max) {
    if (value < 1 || value > max) {
      throw new ModelFormatException(
          "%s is %d, outside of 1 to %d".formatted(name(key), value, max));
    }
    return value;
  }

  /** A finite number. */
  float real(String key, float absent) {
    float value = (float) metadata.number(name(key)).orElse(absent);
    if (!Float.isFinite(value)) {
      throw new ModelFormatException("%s is %s".formatted(name(key), value));
    }
    return value;
  }

  /** A positive number. */
  float positive(String key, float absent) {
    float value = real(key, absent);
    if (!(value > 0)) {
      throw new ModelFormatException("%s is %s, which is not positive".formatted(name(key), value));
    }
    return value;
  }

  /** A finite number, of which 0 means the same as none. */
  float factor(String key, float absent) {
    float value = real(key, absent);
    return value == 0 ? absent : value;
  }

  float normEpsilon() {
    String key = "attention.layer_norm_rms_epsilon";
    float epsilon = (float) metadata.requireNumber(name(key));
    if (!(epsilon >= 0 && epsilon < 1)) {
      throw new ModelFormatException("%s is %s, outside of [0, 1)".formatted(name(key), epsilon));
    }
    return epsilon;
  }

  HeadConfig heads(int dimension) {
    int queries = size("attention.head_count");
    int keyValues = metadata.integer(name("attention.head_count_kv")).orElse(queries);
    if (keyValues < 1 || queries % keyValues != 0) {
      throw new ModelFormatException(
          "%s is %d, which does not divide the %d query heads"
              .formatted(name("attention.head_count_kv"), keyValues, queries));
    }
    int keys = metadata.integer(name("attention.key_length")).orElse(dimension / queries);
    int values = metadata.integer(name("attention.value_length")).orElse(dimension / queries);
    if (keys != values) {
      throw new ModelFormatException(
          "keys of %d and values of %d elements per head are not supported: they must be equal"
              .formatted(keys, values));
    }
    if (keys < 2 || keys % 2 != 0 || keys > MAX_HEAD_DIMENSION) {
      throw new ModelFormatException("heads of %d elements are not supported".formatted(keys));
    }
    if ((long) queries * keys > MAX_SIZE) {
      throw new ModelFormatException(
          "%s is %d, too many for heads of %d elements"
              .formatted(name("attention.head_count"), queries, keys));
    }
    return new HeadConfig(queries, keyValues, keys);
  }

  FeedForwardConfig feedForward(FeedForwardConfig.Activation activation) {
    if (metadata.integer(name("expert_count")).orElse(0) > 0) {
      throw new ModelFormatException(
          "mixture-of-experts models (%s > 0) are not supported".formatted(name("expert_count")));
    }
    return new FeedForwardConfig(size("feed_forward_length"), activation);
  }

  /** As many equal blocks as the model has. */
  List<BlockConfig> blocks(AttentionConfig attention, FeedForwardConfig feedForward) {
    return Collections.nCopies(blockCount(), new BlockConfig(attention, feedForward, false));
  }

  int blockCount() {
    return inRange("block_count", metadata.requireInteger(name("block_count")), MAX_BLOCKS);
  }

  /** For an option that would change the answer. */
  ModelFormatException unsupported(String key, Object value) {
    return new ModelFormatException("%s = %s is not supported".formatted(name(key), value));
  }
}
