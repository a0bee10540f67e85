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
  private TokenText() {}

  /** The token as text; control tokens by name, incomplete characters as U+FFFD. */
  static String of(Tokenizer tokenizer, int token) {
    return tokenizer.isControl(token)
        ? tokenizer.name(token)
        : new String(tokenizer.bytes(token), StandardCharsets.UTF_8);
  }

  /** As {@link #of}, but different for different tokens that are not text by themselves. */
  static String unambiguous(Tokenizer tokenizer, int token) {
    if (tokenizer.isControl(token)) {
      return tokenizer.name(token);
    }
    byte[] bytes = tokenizer.bytes(token);
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

  /** The bytes, 0 to 255; empty for control tokens, which have none. */
  static Optional<List<Integer>> bytes(Tokenizer tokenizer, int token) {
    if (tokenizer.isControl(token)) {
      return Optional.empty();
    }
    List<Integer> values = new ArrayList<>();
    for (byte b : tokenizer.bytes(token)) {
      values.add(Byte.toUnsignedInt(b));
    }
    return Optional.of(values);
  }
}
