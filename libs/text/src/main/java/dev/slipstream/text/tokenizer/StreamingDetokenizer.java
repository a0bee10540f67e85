package dev.slipstream.text.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns tokens that come one by one into text, holding back the bytes of a character until it is
 * complete. Bytes that cannot become a character any more are U+FFFD at once. Not thread-safe.
 */
public final class StreamingDetokenizer {

  private static final int LONGEST_CHARACTER = 4;

  private final Tokenizer tokenizer;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private ByteBuffer pending = ByteBuffer.allocate(64);
  private boolean dropSpace;

  /**
   * @param dropSpace whether a space at the start of the first token is the one that encoding adds
   */
  StreamingDetokenizer(Tokenizer tokenizer, boolean dropSpace) {
    this.tokenizer = tokenizer;
    this.dropSpace = dropSpace;
  }

  /**
   * The characters that are complete with this token; often none.
   *
   * @throws IllegalArgumentException if the vocabulary has no such token
   */
  public String append(int token) {
    byte[] bytes = tokenizer.bytes(token);
    int from = dropSpace && bytes.length > 0 && bytes[0] == ' ' ? 1 : 0;
    dropSpace = false;
    if (pending.remaining() < bytes.length) {
      ByteBuffer larger = ByteBuffer.allocate(bytes.length + LONGEST_CHARACTER);
      pending = larger.put(pending.flip());
    }
    pending.put(bytes, from, bytes.length - from);
    return decode(false);
  }

  /** What was held back: U+FFFD if a character is incomplete. Starts a new text. */
  public String flush() {
    String rest = decode(true);
    decoder.reset();
    return rest;
  }

  private String decode(boolean end) {
    pending.flip();
    CharBuffer text = CharBuffer.allocate(pending.remaining() + 2);
    decoder.decode(pending, text, end);
    if (end) {
      decoder.flush(text);
    }
    pending.compact();
    return text.flip().toString();
  }
}
