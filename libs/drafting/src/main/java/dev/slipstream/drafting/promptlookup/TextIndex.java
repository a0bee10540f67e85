package dev.slipstream.drafting.promptlookup;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A growing text and where the n-grams at its end occurred before. Appending a token takes constant
 * time, amortised. The text and the chains take 8 bytes per token; the tables at most 12 bytes per
 * distinct n-gram and length, so a text that never repeats itself costs about 90 bytes per token.
 */
final class TextIndex {
  private static final int NONE = NgramTable.NONE;

  private final int minNgram;
  private final NgramTable[] tables;
  private int[] tokens = new int[64];

  /** For each position, where the shortest n-gram that ends there ended the time before. */
  private int[] previous = new int[64];

  private int length;

  TextIndex(int minNgram, int maxNgram) {
    this.minNgram = minNgram;
    this.tables =
        IntStream.rangeClosed(minNgram, maxNgram)
            .mapToObj(NgramTable::new)
            .toArray(NgramTable[]::new);
  }

  int length() {
    return length;
  }

  int token(int position) {
    return tokens[position];
  }

  void append(int token) {
    if (length == tokens.length) {
      int capacity = length + (length >> 1);
      tokens = Arrays.copyOf(tokens, capacity);
      previous = Arrays.copyOf(previous, capacity);
    }
    // An n-gram is entered when something follows it: its continuation is what lookups are for, and
    // so the end of the text does not find itself.
    enter(length - 1);
    tokens[length++] = token;
  }

  private void enter(int end) {
    for (int i = 0; i < tables.length && end >= minNgram + i - 1; i++) {
      int before = tables[i].put(tokens, end);
      if (i == 0) {
        previous[end] = before;
      }
    }
  }

  /**
   * Finds where the end of the text occurred before: the latest occurrence for each length of
   * n-gram, the longest first, and then further occurrences of the shortest, the latest first.
   *
   * @param ends receives positions of the last token of each occurrence, without repetitions; full
   *     means enough
   * @param steps how many occurrences of the shortest n-gram to look at
   * @return how many were found
   */
  int occurrences(int[] ends, int steps) {
    int found = 0;
    for (int i = tables.length - 1; i >= 0 && found < ends.length; i--) {
      if (length >= minNgram + i) {
        found = add(ends, found, tables[i].find(tokens, length - 1));
      }
    }
    if (length < minNgram) {
      return found;
    }
    int end = tables[0].find(tokens, length - 1);
    for (int step = 0; step < steps && end != NONE && found < ends.length; step++) {
      found = add(ends, found, end);
      end = previous[end];
    }
    return found;
  }

  private static int add(int[] ends, int found, int end) {
    if (end != NONE && IntStream.range(0, found).noneMatch(i -> ends[i] == end)) {
      ends[found++] = end;
    }
    return found;
  }

  /** How many tokens up to {@code end} equal the end of the text, at most {@code limit}. */
  int matchLength(int end, int limit) {
    int most = Math.min(limit, end + 1);
    int matched = 0;
    while (matched < most && tokens[end - matched] == tokens[length - 1 - matched]) {
      matched++;
    }
    return matched;
  }
}
