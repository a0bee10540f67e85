package dev.slipstream.text.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Collects what determines token ids; every part is preceded by its length. */
final class TokenizerDigest {

  private static final int BUFFER_BYTES = 1 << 16;

  private final MessageDigest sha256;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

  TokenizerDigest(String kind) {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
    text(kind);
  }

  TokenizerDigest text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    if (bytes.length > buffer.remaining()) {
      drain();
    }
    if (bytes.length > buffer.remaining()) {
      sha256.update(bytes);
    } else {
      buffer.put(bytes);
    }
    return this;
  }

  TokenizerDigest texts(String[] texts, int count) {
    number(count);
    for (int i = 0; i < count; i++) {
      text(texts[i]);
    }
    return this;
  }

  TokenizerDigest flag(boolean flag) {
    return number(flag ? 1 : 0);
  }

  TokenizerDigest numbers(float[] numbers) {
    number(numbers.length);
    for (float number : numbers) {
      number(Float.floatToIntBits(number));
    }
    return this;
  }

  TokenizerDigest vocabulary(Vocabulary vocabulary, boolean ignorePadding) {
    int count = vocabulary.size();
    while (ignorePadding && count > 0 && vocabulary.attributes()[count - 1] == Vocabulary.UNUSED) {
      count--;
    }
    texts(vocabulary.names(), count);
    for (int i = 0; i < count; i++) {
      number(vocabulary.attributes()[i]);
    }
    return this;
  }

  TokenizerDigest special(SpecialIds ids) {
    number(ids.begin()).number(ids.end()).number(ids.unknown());
    return flag(ids.addBegin()).flag(ids.addEnd());
  }

  String hex() {
    drain();
    return HexFormat.of().formatHex(sha256.digest());
  }

  private TokenizerDigest number(int number) {
    if (buffer.remaining() < Integer.BYTES) {
      drain();
    }
    buffer.putInt(number);
    return this;
  }

  private void drain() {
    sha256.update(buffer.flip());
    buffer.clear();
  }
}
