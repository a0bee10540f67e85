package dev.slipstream.models.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads little-endian values one after another; refuses to run past the end. */
final class GgufCursor {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment bytes;
  private final String file;
  private long position;

  GgufCursor(MemorySegment bytes, String file, long position) {
    this.bytes = bytes;
    this.file = file;
    this.position = position;
  }

  long position() {
    return position;
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  ModelFormatException error(String what) {
    return error(what, position);
  }

  ModelFormatException error(String what, long at) {
    return new ModelFormatException(file + ": " + what + " (at byte " + at + ")");
  }

  byte readByte(String what) {
    return bytes.get(ValueLayout.JAVA_BYTE, advance(1, what));
  }

  short readShort(String what) {
    return bytes.get(SHORT, advance(Short.BYTES, what));
  }

  int readInt(String what) {
    return bytes.get(INT, advance(Integer.BYTES, what));
  }

  long readLong(String what) {
    return bytes.get(LONG, advance(Long.BYTES, what));
  }

  /**
   * Reads a number of things.
   *
   * @param minimumBytes that each of them takes, so that only so many can follow
   * @param most that any model has
   */
  long readCount(String what, long minimumBytes, int most) {
    long at = position;
    long count = readLong("the number of " + what);
    if (count < 0 || count > remaining() / minimumBytes) {
      throw error(
          Long.toUnsignedString(count)
              + " "
              + what
              + " are announced, but only "
              + remaining()
              + " bytes follow",
          at);
    }
    if (count > most) {
      throw error(count + " " + what + " are more than any model has, " + most, at);
    }
    return count;
  }

  String readString(String what, int maximumBytes) {
    long at = position;
    long length = stringLength(what);
    if (length > maximumBytes) {
      throw error(what + " has " + length + " bytes, more than " + maximumBytes, at);
    }
    byte[] content = new byte[(int) length];
    MemorySegment.copy(
        bytes, ValueLayout.JAVA_BYTE, advance(length, what), content, 0, content.length);
    return new String(content, StandardCharsets.UTF_8);
  }

  void skipString(String what) {
    advance(stringLength(what), what);
  }

  void skip(long count, String what) {
    advance(count, what);
  }

  private long stringLength(String what) {
    long at = position;
    long length = readLong("the length of " + what);
    if (length < 0 || length > remaining()) {
      throw error(
          what
              + " should have "
              + Long.toUnsignedString(length)
              + " bytes, but only "
              + remaining()
              + " follow",
          at);
    }
    return length;
  }

  private long advance(long count, String what) {
    if (count > remaining()) {
      throw error("the file ends inside " + what);
    }
    long at = position;
    position += count;
    return at;
  }
}
