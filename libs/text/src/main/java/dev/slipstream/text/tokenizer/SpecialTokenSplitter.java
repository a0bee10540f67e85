package dev.slipstream.text.tokenizer;

import static dev.slipstream.text.tokenizer.Vocabulary.CONTROL;
import static dev.slipstream.text.tokenizer.Vocabulary.SPECIAL;
import static dev.slipstream.text.tokenizer.Vocabulary.STRIP_LEFT;
import static dev.slipstream.text.tokenizer.Vocabulary.STRIP_RIGHT;
import static dev.slipstream.text.tokenizer.Vocabulary.UNKNOWN;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Finds special tokens in a text: the longest names first, each everywhere in what is left of the
 * text. One pass over the text finds out which names occur at all, because a vocabulary may have
 * thousands.
 */
final class SpecialTokenSplitter {

  /** A part of the text, or a special token if token is not negative. */
  record Fragment(int from, int to, int token) {
    boolean isText() {
      return token < 0;
    }
  }

  private record Special(int token, byte[] name, boolean parsed, boolean left, boolean right) {}

  private final List<Special> specials = new ArrayList<>();
  private final int[][] byFirstByte = new int[256][];

  SpecialTokenSplitter(Vocabulary vocabulary) {
    for (int i = 0; i < vocabulary.size(); i++) {
      if (vocabulary.has(i, SPECIAL)) {
        byte[] name = vocabulary.names()[i].getBytes(StandardCharsets.UTF_8);
        boolean parsed = vocabulary.has(i, CONTROL | UNKNOWN);
        boolean left = vocabulary.has(i, STRIP_LEFT);
        specials.add(new Special(i, name, parsed, left, vocabulary.has(i, STRIP_RIGHT)));
      }
    }
    specials.sort(Comparator.comparingInt((Special s) -> s.name.length).reversed());
    Arrays.fill(byFirstByte, new int[0]);
    for (int i = 0; i < specials.size(); i++) {
      int first = specials.get(i).name[0] & 0xff;
      byFirstByte[first] = Arrays.copyOf(byFirstByte[first], byFirstByte[first].length + 1);
      byFirstByte[first][byFirstByte[first].length - 1] = i;
    }
  }

  /**
   * Cuts a text at special tokens.
   *
   * @param parseSpecial whether to look for control tokens too, not only for user-defined ones
   */
  List<Fragment> split(byte[] text, boolean parseSpecial) {
    List<Fragment> fragments = new ArrayList<>();
    if (text.length > 0) {
      fragments.add(new Fragment(0, text.length, -1));
    }
    boolean[] occurring = occurring(text);
    for (int i = 0; i < occurring.length; i++) {
      Special special = specials.get(i);
      if (occurring[i] && (parseSpecial || !special.parsed)) {
        List<Fragment> finer = new ArrayList<>();
        for (Fragment fragment : fragments) {
          if (fragment.isText()) {
            split(text, fragment, special, finer);
          } else {
            finer.add(fragment);
          }
        }
        fragments = finer;
      }
    }
    return fragments;
  }

  private boolean[] occurring(byte[] text) {
    boolean[] occurring = new boolean[specials.size()];
    for (int at = 0; at < text.length; at++) {
      for (int i : byFirstByte[text[at] & 0xff]) {
        occurring[i] = occurring[i] || startsWith(text, at, text.length, specials.get(i).name);
      }
    }
    return occurring;
  }

  private static void split(byte[] text, Fragment part, Special special, List<Fragment> out) {
    int from = part.from;
    for (int at = from; at < part.to; ) {
      if (!startsWith(text, at, part.to, special.name)) {
        at++;
        continue;
      }
      addText(from, special.left ? trimEnd(text, from, at) : at, out);
      out.add(new Fragment(at, at + special.name.length, special.token));
      at += special.name.length;
      while (special.right && at < part.to && isSpace(text[at])) {
        at++;
      }
      from = at;
    }
    addText(from, part.to, out);
  }

  private static void addText(int from, int to, List<Fragment> out) {
    if (to > from) {
      out.add(new Fragment(from, to, -1));
    }
  }

  private static int trimEnd(byte[] text, int from, int to) {
    int end = to;
    while (end > from && isSpace(text[end - 1])) {
      end--;
    }
    return end;
  }

  private static boolean startsWith(byte[] text, int at, int to, byte[] name) {
    return name.length <= to - at
        && Arrays.equals(text, at, at + name.length, name, 0, name.length);
  }

  static boolean isSpace(byte b) {
    return b == ' ' || b >= '\t' && b <= '\r';
  }
}
