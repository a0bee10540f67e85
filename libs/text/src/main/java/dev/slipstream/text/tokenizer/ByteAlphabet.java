package dev.slipstream.text.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2's spelling of bytes as printable characters, in which byte-level vocabularies are written:
 * printable Latin-1 characters stand for themselves, the other bytes for U+0100 and following.
 */
final class ByteAlphabet {

  private static final int FIRST_SUBSTITUTE = 0x100;
  private static final char[] CHARACTERS = new char[256];
  private static final short[] BYTES = new short[FIRST_SUBSTITUTE + 256];

  static {
    Arrays.fill(BYTES, (short) -1);
    int substitutes = 0;
    for (int b = 0; b < 256; b++) {
      boolean itself = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      CHARACTERS[b] = (char) (itself ? b : FIRST_SUBSTITUTE + substitutes++);
      BYTES[CHARACTERS[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  static char character(int b) {
    return CHARACTERS[b & 0xff];
  }

  /** The byte that a character stands for, or -1. */
  static int byteOf(char c) {
    return c < BYTES.length ? BYTES[c] : -1;
  }

  /** The bytes that are spelled, or null if a character does not belong to the alphabet. */
  static byte @Nullable [] bytes(String spelled) {
    return bytes(spelled, spelled.length());
  }

  /** The same, leaving out the character at an index, if there is one. */
  static byte @Nullable [] bytes(String spelled, int without) {
    byte[] bytes = new byte[spelled.length() - (without < spelled.length() ? 1 : 0)];
    for (int i = 0; i < bytes.length; i++) {
      int b = byteOf(spelled.charAt(i < without ? i : i + 1));
      if (b < 0) {
        return null;
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }
}
