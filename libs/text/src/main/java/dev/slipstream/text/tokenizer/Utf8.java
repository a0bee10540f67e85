package dev.slipstream.text.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Valid UTF-8 from any Java string, and back to code points. */
final class Utf8 {

  private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};

  private Utf8() {}

  /** UTF-8 of a text; unpaired surrogates become U+FFFD. */
  static byte[] encode(String text) {
    try {
      ByteBuffer bytes =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPLACE)
              .replaceWith(REPLACEMENT)
              .encode(CharBuffer.wrap(text));
      return Arrays.copyOf(bytes.array(), bytes.limit());
    } catch (CharacterCodingException e) {
      throw new IllegalStateException("malformed input is replaced", e);
    }
  }

  /** Bytes of the character that starts with this byte. */
  static int length(byte first) {
    int b = first & 0xff;
    return b < 0xC0 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
  }

  /** Bytes that a code point takes. */
  static int length(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }

  /** The code point that starts at a byte of valid UTF-8. */
  static int codePoint(byte[] text, int at) {
    int b = text[at];
    return switch (length(text[at])) {
      case 1 -> b;
      case 2 -> (b & 0x1f) << 6 | text[at + 1] & 0x3f;
      case 3 -> (b & 0x0f) << 12 | (text[at + 1] & 0x3f) << 6 | text[at + 2] & 0x3f;
      default ->
          (b & 0x07) << 18
              | (text[at + 1] & 0x3f) << 12
              | (text[at + 2] & 0x3f) << 6
              | text[at + 3] & 0x3f;
    };
  }
}
