package dev.slipstream.wire;

import java.util.List;

/** Token ids. */
public final class TokenCodec {
  private TokenCodec() {}

  /** As they are, for a receiver that checks them against its own vocabulary. */
  public static int[] ids(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * @param field name of the list, for the error
   * @throws MalformedMessageException if one is outside of the vocabulary
   */
  public static int[] decode(String field, List<Integer> ids, int vocabularySize) {
    int[] tokens = ids(ids);
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabularySize) {
        throw outside("%s[%d]".formatted(field, i), tokens[i], vocabularySize);
      }
    }
    return tokens;
  }

  static void checkToken(String field, int token, int vocabularySize) {
    if (token < 0 || token >= vocabularySize) {
      throw outside(field, token, vocabularySize);
    }
  }

  private static MalformedMessageException outside(String field, int token, int vocabularySize) {
    return new MalformedMessageException(
        field, "is token %d, outside of the vocabulary of %d".formatted(token, vocabularySize));
  }
}
