package dev.slipstream.text.tokenizer;

import dev.slipstream.models.gguf.GgufMetadata;
import java.util.HashMap;
import java.util.Map;

/**
 * The token list of a model file: the spelling of each token and what kind it is.
 *
 * @param names spelling by id
 * @param attributes set of the bits below, by id
 * @param ids id by spelling
 */
record Vocabulary(String[] names, int[] attributes, Map<String, Integer> ids) {

  static final int UNKNOWN = 1;
  static final int UNUSED = 2;
  static final int NORMAL = 4;
  static final int CONTROL = 8;
  static final int USER_DEFINED = 16;
  static final int BYTE = 32;

  /** Tokens that are looked for in a text before it is encoded. */
  static final int SPECIAL = CONTROL | USER_DEFINED | UNKNOWN;

  /** Spaces before the token belong to it. */
  static final int STRIP_LEFT = 64;

  /** Spaces after the token belong to it. */
  static final int STRIP_RIGHT = 128;

  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String TYPES = "tokenizer.ggml.token_type";

  static Vocabulary of(GgufMetadata metadata) {
    String[] names = metadata.requireStrings(TOKENS);
    if (names.length == 0) {
      throw metadata.invalid(TOKENS, "is empty");
    }
    int[] types = metadata.integers(TYPES).orElse(null);
    if (types != null && types.length < names.length) {
      throw metadata.invalid(
          TYPES, "has " + types.length + " elements for " + names.length + " tokens");
    }
    Map<String, Integer> ids = HashMap.newHashMap(names.length);
    int[] attributes = new int[names.length];
    for (int i = 0; i < names.length; i++) {
      if (names[i].isEmpty()) {
        names[i] = "[EMPTY_" + i + "]";
      }
      ids.put(names[i], i);
      attributes[i] = types == null ? NORMAL : attribute(types[i]);
    }
    return new Vocabulary(names, attributes, ids);
  }

  private static int attribute(int type) {
    return switch (type) {
      case 1 -> NORMAL;
      case 2 -> UNKNOWN;
      case 3 -> CONTROL;
      case 4 -> USER_DEFINED;
      case 5 -> UNUSED;
      case 6 -> BYTE;
      default -> 0;
    };
  }

  int size() {
    return names.length;
  }

  boolean has(int token, int bits) {
    return (attributes[token] & bits) != 0;
  }
}
