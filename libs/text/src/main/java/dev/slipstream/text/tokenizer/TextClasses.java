package dev.slipstream.text.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Character classes of the pre-tokenizers' patterns. Patterns run over a text in which ASCII stays
 * and every other character is replaced by one that stands for its class, so that all classes are
 * those of the frozen Unicode version in the resource, not of the Java runtime.
 */
final class TextClasses {

  private static final String RESOURCE = "unicode-categories.txt";

  private static final char OTHER = '\uE000';
  private static final char LETTER = '\uE001';
  private static final char HAN_LETTER = '\uE002';
  private static final char NUMBER = '\uE003';
  private static final char PUNCTUATION = '\uE004';
  private static final char MARK = '\uE005';
  private static final char SYMBOL = '\uE006';
  private static final char HAN_OTHER = '\uE007';
  private static final char SPACE = '\u000B';

  private static final char[] CLASSES = load();

  private TextClasses() {}

  /** What stands for a code point: ASCII for itself, others for their class. */
  static char classOf(int codePoint) {
    return codePoint < 0x80 ? (char) codePoint : CLASSES[codePoint];
  }

  static boolean isSpace(int codePoint) {
    char c = classOf(codePoint);
    return c == ' ' || c >= '\t' && c <= '\r';
  }

  static boolean isNumber(int codePoint) {
    char c = classOf(codePoint);
    return c == NUMBER || c >= '0' && c <= '9';
  }

  /** Rewrites the \p classes of a pattern for a text of class characters. */
  static String rewrite(String pattern) {
    StringBuilder out = new StringBuilder();
    boolean inside = false;
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (pattern.startsWith("\\p{", i)) {
        int end = pattern.indexOf('}', i);
        String members = members(pattern.substring(i + 3, end));
        out.append(inside ? members : "[" + members + "]");
        i = end;
      } else if (c == '\\') {
        out.append(c).append(pattern.charAt(++i));
      } else {
        inside = c == '[' || inside && c != ']';
        out.append(c);
      }
    }
    return out.toString();
  }

  private static String members(String category) {
    return switch (category) {
      case "L" -> "A-Za-z" + LETTER + HAN_LETTER;
      case "N" -> "0-9" + NUMBER;
      case "P" -> "!-#%-*,-/:;?@\\[\\\\\\]_{}" + PUNCTUATION;
      case "M" -> "" + MARK;
      case "S" -> "$+<=>\\^`|~" + SYMBOL;
      case "Han" -> "" + HAN_LETTER + HAN_OTHER;
      default -> throw new IllegalArgumentException(category);
    };
  }

  private static char[] load() {
    char[] classes = new char[Character.MAX_CODE_POINT + 1];
    try (InputStream stream = TextClasses.class.getResourceAsStream(RESOURCE);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII))) {
      int start = 0;
      char category = OTHER;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.startsWith("#")) {
          int space = line.indexOf(' ');
          int next = Integer.parseInt(line, 0, space, 16);
          Arrays.fill(classes, start, next, category);
          start = next;
          category = classOf(line.charAt(space + 1));
        }
      }
      Arrays.fill(classes, start, classes.length, category);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    markSpaces(classes);
    markHan(classes);
    return classes;
  }

  private static char classOf(char category) {
    return switch (category) {
      case 'L' -> LETTER;
      case 'M' -> MARK;
      case 'N' -> NUMBER;
      case 'P' -> PUNCTUATION;
      case 'S' -> SYMBOL;
      default -> OTHER;
    };
  }

  private static void markSpaces(char[] classes) {
    int[] spaces = {0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
    for (int space : spaces) {
      classes[space] = SPACE;
    }
    Arrays.fill(classes, 0x2000, 0x200B, SPACE);
  }

  private static void markHan(char[] classes) {
    int[][] ranges = {
      {0x3400, 0x4DBF},
      {0x4E00, 0x9FFF},
      {0xF900, 0xFAFF},
      {0x20000, 0x2A6DF},
      {0x2A700, 0x2EBEF},
      {0x2F800, 0x2FA1F}
    };
    for (int[] range : ranges) {
      for (int c = range[0]; c <= range[1]; c++) {
        classes[c] = classes[c] == LETTER ? HAN_LETTER : HAN_OTHER;
      }
    }
  }
}
