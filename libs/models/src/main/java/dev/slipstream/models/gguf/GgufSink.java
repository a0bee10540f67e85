package dev.slipstream.models.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Collects little-endian values; the counterpart of {@link GgufCursor}. */
final class GgufSink {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  int size() {
    return out.size();
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  void putByte(int value) {
    out.write(value);
  }

  void putInt(int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      out.write(value >>> shift);
    }
  }

  void putLong(long value) {
    putInt((int) value);
    putInt((int) (value >>> Integer.SIZE));
  }

  void putString(String value) {
    byte[] content = value.getBytes(StandardCharsets.UTF_8);
    putLong(content.length);
    putBytes(content);
  }

  void putBytes(byte[] content) {
    putBytes(content, 0, content.length);
  }

  void putBytes(byte[] content, int from, int length) {
    out.write(content, from, length);
  }
}
