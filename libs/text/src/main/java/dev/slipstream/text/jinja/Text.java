package dev.slipstream.text.jinja;

import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Strings as sequences of code points. Offsets of Java's strings are called offsets, those of
 * Python's are called indices.
 */
final class Text {

  /** From this length on, the naive search could take too long. */
  private static final int LONG_PATTERN = 16;

  private Text() {}

  static int length(Budget budget, String text) {
    budget.scan(text.length());
    return text.codePointCount(0, text.length());
  }

  /** The offset of an index between 0 and the length. */
  static int offset(Budget budget, String text, int index) {
    budget.scan(index);
    return text.offsetByCodePoints(0, index);
  }

  static int index(Budget budget, String text, int offset) {
    budget.scan(offset);
    return text.codePointCount(0, offset);
  }

  static String slice(Budget budget, String text, Slice slice) {
    budget.text(slice.size());
    if (slice.step() == 1) {
      int from = offset(budget, text, slice.start());
      int to = text.offsetByCodePoints(from, slice.size());
      return text.substring(from, to);
    }
    budget.characters(text.length());
    int[] points = text.codePoints().toArray();
    StringBuilder out = new StringBuilder();
    slice.forEach(i -> out.appendCodePoint(points[i]));
    return out.toString();
  }

  /** The first offset, not before the given one, where a part is found; -1 if there is none. */
  static int find(Budget budget, String text, String part, int from) {
    if (part.length() <= LONG_PATTERN) {
      int found = text.indexOf(part, from);
      budget.scan(2L * ((found < 0 ? text.length() : found) - from));
      return found;
    }
    budget.scan(8L * (text.length() - from + part.length()));
    return part.length() > text.length() - from ? -1 : findLong(text, part, from);
  }

  /** Knuth, Morris and Pratt's search, which is linear whatever the strings are. */
  private static int findLong(String text, String part, int from) {
    int[] border = new int[part.length()];
    for (int i = 1, k = 0; i < part.length(); i++) {
      while (k > 0 && part.charAt(i) != part.charAt(k)) {
        k = border[k - 1];
      }
      k += part.charAt(i) == part.charAt(k) ? 1 : 0;
      border[i] = k;
    }
    for (int i = from, k = 0; i < text.length(); i++) {
      while (k > 0 && text.charAt(i) != part.charAt(k)) {
        k = border[k - 1];
      }
      k += text.charAt(i) == part.charAt(k) ? 1 : 0;
      if (k == part.length()) {
        return i - k + 1;
      }
    }
    return -1;
  }

  /** Calls back with the offsets of all parts that do not overlap. */
  static void findAll(Budget budget, String text, String part, int limit, IntConsumer found) {
    int at = find(budget, text, part, 0);
    for (int n = 0; at >= 0 && n < limit; n++) {
      budget.step();
      found.accept(at);
      at = find(budget, text, part, at + part.length());
    }
  }

  /** The last offset, not after the given one, where a part is found; -1 if there is none. */
  static int findLast(Budget budget, String text, String part, int from) {
    String reversed =
        reverse(budget, text.substring(0, Math.min(text.length(), from + part.length())));
    int found = find(budget, reversed, reverse(budget, part), 0);
    return found < 0 ? -1 : reversed.length() - found - part.length();
  }

  /** Characters of Java the other way round; good for searching alone. */
  static String reverse(Budget budget, String text) {
    budget.text(text.length());
    char[] characters = new char[text.length()];
    for (int i = 0; i < characters.length; i++) {
      characters[i] = text.charAt(characters.length - 1 - i);
    }
    return new String(characters);
  }

  static String replace(Budget budget, String text, String part, String by, int count) {
    int limit = count < 0 ? Integer.MAX_VALUE : count;
    if (part.isEmpty()) {
      return interleave(budget, text, by, limit);
    }
    StringBuilder out = new StringBuilder();
    int[] done = {0};
    findAll(
        budget,
        text,
        part,
        limit,
        at -> {
          budget.text(at - done[0] + by.length());
          out.append(text, done[0], at).append(by);
          done[0] = at + part.length();
        });
    if (done[0] == 0) {
      return text;
    }
    budget.text(text.length() - done[0]);
    return out.append(text, done[0], text.length()).toString();
  }

  private static String interleave(Budget budget, String text, String by, int limit) {
    StringBuilder out = new StringBuilder();
    int n = 0;
    for (int at = 0; at < text.length(); ) {
      int point = text.codePointAt(at);
      budget.text(1L + (n < limit ? by.length() : 0));
      out.append(n++ < limit ? by : "").appendCodePoint(point);
      at += Character.charCount(point);
    }
    budget.text(by.length());
    return out.append(n < limit ? by : "").toString();
  }

  static String repeat(Budget budget, String text, long count) {
    if (count <= 0 || text.isEmpty()) {
      return "";
    }
    budget.text(count > Integer.MAX_VALUE ? Long.MAX_VALUE / 2 : count * text.length());
    return text.repeat((int) count);
  }

  static boolean equal(Budget budget, String a, String b) {
    budget.scan(Math.min(a.length(), b.length()));
    return a.equals(b);
  }

  /** In the order of code points, which is not that of Java's characters. */
  static int compare(Budget budget, String a, String b) {
    budget.scan(Math.min(a.length(), b.length()));
    int length = Math.min(a.length(), b.length());
    int at = 0;
    while (at < length && a.charAt(at) == b.charAt(at)) {
      at++;
    }
    if (at == length) {
      return Integer.compare(a.length(), b.length());
    }
    boolean inside = at > 0 && Character.isHighSurrogate(a.charAt(at - 1));
    int from = inside ? at - 1 : at;
    return Integer.compare(a.codePointAt(from), b.codePointAt(from));
  }

  /**
   * @param characters what to take off, or null for white space
   */
  static String strip(
      Budget budget, String text, @Nullable String characters, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && stripped(budget, characters, text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && stripped(budget, characters, text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    budget.text(to - from);
    return text.substring(from, to);
  }

  private static boolean stripped(Budget budget, @Nullable String characters, int c) {
    if (characters == null) {
      return Characters.isSpace(c);
    }
    budget.scan(characters.length());
    return characters.indexOf(c) >= 0;
  }
}
