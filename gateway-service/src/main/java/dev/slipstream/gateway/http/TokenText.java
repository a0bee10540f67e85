package dev.slipstream.gateway.http;

import dev.slipstream.text.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How single tokens are shown beside their log-probabilities. */
final class TokenText {
  private static final String ID = "token_id:";

  private TokenText() {}

  /** The token as text; by name if it stands for none, incomplete characters as U+FFFD. */
  static String of(Tokenizer tokenizer, int token) {
    byte[] bytes = tokenizer.bytes(token);
    return bytes.length == 0 ? tokenizer.name(token) : new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * As {@link #of}, but different for different bytes, and never what {@link #byId} gives to
   * another token.
   */
  static String distinct(Tokenizer tokenizer, int token) {
    String text = exact(tokenizer, token);
    return text.isEmpty() || text.startsWith(ID) ? byId(token) : text;
  }

  private static String exact(Tokenizer tokenizer, int token) {
    byte[] bytes = tokenizer.bytes(token);
    if (bytes.length == 0) {
      return tokenizer.name(token);
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      StringBuilder text = new StringBuilder("bytes:");
      for (byte b : bytes) {
        text.append("\\x%02x".formatted(b));
      }
      return text.toString();
    }
  }

  /** What no other token has, whatever its text. */
  static String byId(int token) {
    return ID + token;
  }

  /** The bytes, 0 to 255; empty for tokens that have none, such as control tokens. */
  static Optional<List<Integer>> bytes(Tokenizer tokenizer, int token) {
    byte[] bytes = tokenizer.bytes(token);
    if (bytes.length == 0) {
      return Optional.empty();
    }
    List<Integer> values = new ArrayList<>(bytes.length);
    for (byte b : bytes) {
      values.add(Byte.toUnsignedInt(b));
    }
    return Optional.of(values);
  }
}
