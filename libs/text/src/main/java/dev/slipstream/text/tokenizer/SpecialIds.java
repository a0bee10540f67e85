package dev.slipstream.text.tokenizer;

import dev.slipstream.models.gguf.GgufMetadata;

/**
 * Tokens with a role, and which of them belong around a text; -1 where there is none.
 *
 * @param addBegin whether a text starts with the begin token
 * @param addEnd whether a text ends with the end token
 */
record SpecialIds(int begin, int end, int unknown, boolean addBegin, boolean addEnd) {

  private static final String PREFIX = "tokenizer.ggml.";

  static SpecialIds ofSentencePiece(GgufMetadata metadata, Vocabulary vocabulary) {
    return of(metadata, vocabulary, new SpecialIds(1, 2, 0, true, false));
  }

  /** A byte-level vocabulary has the begin and end tokens that the file names, and no others. */
  static SpecialIds ofBytePairs(
      GgufMetadata metadata, Vocabulary vocabulary, boolean beginByDefault) {
    return of(metadata, vocabulary, new SpecialIds(-1, -1, -1, beginByDefault, false));
  }

  private static SpecialIds of(GgufMetadata metadata, Vocabulary vocabulary, SpecialIds defaults) {
    int begin = idOf(metadata, vocabulary, "bos_token_id", defaults.begin);
    int end = idOf(metadata, vocabulary, "eos_token_id", defaults.end);
    int unknown = idOf(metadata, vocabulary, "unknown_token_id", defaults.unknown);
    boolean addBegin = metadata.bool(PREFIX + "add_bos_token").orElse(defaults.addBegin);
    boolean addEnd = metadata.bool(PREFIX + "add_eos_token").orElse(defaults.addEnd);
    return new SpecialIds(begin, end, unknown, addBegin && begin >= 0, addEnd && end >= 0);
  }

  /**
   * The id that the file gives to a role, or the default if the vocabulary has it, or -1.
   *
   * @throws dev.slipstream.models.gguf.ModelFormatException if the file names an id that the
   *     vocabulary lacks: without its end token a model would never end an answer
   */
  static int idOf(GgufMetadata metadata, Vocabulary vocabulary, String role, int defaultId) {
    String key = PREFIX + role;
    if (metadata.contains(key)) {
      int id = metadata.requireInteger(key);
      if (id < 0 || id >= vocabulary.size()) {
        throw metadata.invalid(
            key, "is %d, but the vocabulary has %d tokens".formatted(id, vocabulary.size()));
      }
      return id;
    }
    return defaultId < vocabulary.size() ? defaultId : -1;
  }
}
