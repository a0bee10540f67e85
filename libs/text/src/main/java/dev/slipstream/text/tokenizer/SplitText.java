package dev.slipstream.text.tokenizer;

import org.jspecify.annotations.Nullable;

/** A text as the stages of a pre-tokenizer see it; positions count code points. */
final class SplitText {

  private final int[] codePoints;
  private final int size;
  private final boolean supplementary;
  private @Nullable String classes;
  private @Nullable String characters;
  private int @Nullable [] offsets;

  /** Decodes a part of valid UTF-8. */
  SplitText(byte[] text, int from, int to) {
    codePoints = new int[to - from];
    int count = 0;
    boolean high = false;
    for (int i = from; i < to; i += Utf8.length(text[i])) {
      int c = Utf8.codePoint(text, i);
      high |= c > Character.MAX_VALUE;
      codePoints[count++] = c;
    }
    size = count;
    supplementary = high;
  }

  int size() {
    return size;
  }

  int codePoint(int index) {
    return codePoints[index];
  }

  boolean hasSupplementary() {
    return supplementary;
  }

  /** One class character per code point. */
  String classes() {
    if (classes == null) {
      char[] chars = new char[size];
      for (int i = 0; i < size; i++) {
        chars[i] = TextClasses.classOf(codePoints[i]);
      }
      classes = new String(chars);
    }
    return classes;
  }

  /** The text itself, except that all kinds of space beyond ASCII are one that patterns know. */
  String characters() {
    if (characters == null) {
      int[] visible = new int[size];
      for (int i = 0; i < size; i++) {
        int c = codePoints[i];
        visible[i] = c > 0x7f && TextClasses.isSpace(c) ? TextClasses.classOf(c) : c;
      }
      characters = new String(visible, 0, size);
    }
    return characters;
  }

  /** Where each code point starts in {@link #characters}, and at last where the text ends. */
  int[] characterOffsets() {
    if (offsets == null) {
      offsets = new int[size + 1];
      for (int i = 0; i < size; i++) {
        offsets[i + 1] = offsets[i] + Character.charCount(codePoints[i]);
      }
    }
    return offsets;
  }
}
