package dev.slipstream.text.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** The bytes that each token stands for, all in one array. */
record TokenPieces(byte[] pool, int[] ends) {

  private static final byte[] NOTHING = {};

  static TokenPieces of(Vocabulary vocabulary, boolean byteLevel) {
    byte[] pool = new byte[vocabulary.size() * 8];
    int[] ends = new int[vocabulary.size()];
    int end = 0;
    for (int i = 0; i < ends.length; i++) {
      byte[] piece = piece(vocabulary, i, byteLevel);
      if (end + piece.length > pool.length) {
        pool = Arrays.copyOf(pool, Math.max(pool.length * 2, end + piece.length));
      }
      System.arraycopy(piece, 0, pool, end, piece.length);
      end += piece.length;
      ends[i] = end;
    }
    return new TokenPieces(Arrays.copyOf(pool, end), ends);
  }

  byte[] bytes(int token) {
    return Arrays.copyOfRange(pool, token == 0 ? 0 : ends[token - 1], ends[token]);
  }

  private static byte[] piece(Vocabulary vocabulary, int token, boolean byteLevel) {
    String name = vocabulary.names()[token];
    if (vocabulary.has(token, Vocabulary.CONTROL | Vocabulary.UNKNOWN)) {
      return NOTHING;
    }
    if (vocabulary.has(token, Vocabulary.USER_DEFINED)) {
      return name.getBytes(StandardCharsets.UTF_8);
    }
    if (vocabulary.has(token, Vocabulary.NORMAL)) {
      return byteLevel ? unspelled(name) : unescaped(name);
    }
    return vocabulary.has(token, Vocabulary.BYTE) ? byteOf(name) : NOTHING;
  }

  /** Added tokens may contain characters that spell no byte; they stand for themselves. */
  private static byte[] unspelled(String name) {
    byte[] bytes = ByteAlphabet.bytes(name);
    return bytes == null ? name.getBytes(StandardCharsets.UTF_8) : bytes;
  }

  private static byte[] unescaped(String name) {
    return name.replace(SpmEncoder.SPACE, " ").getBytes(StandardCharsets.UTF_8);
  }

  /** A byte token is written as {@code <0x0A>}. */
  private static byte[] byteOf(String name) {
    boolean wellFormed = name.matches("<0x[0-9A-Fa-f]{2}>");
    return wellFormed ? HexFormat.of().parseHex(name, 3, 5) : NOTHING;
  }
}
