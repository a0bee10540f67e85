package dev.slipstream.startup;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** What somebody may have meant who wrote a name that there is not. */
public final class Spelling {
  /** Letters that may be wrong. */
  private static final int TOLERANCE = 3;

  private Spelling() {}

  /** The one of {@code names} that is most like {@code written}, if any is much like it. */
  public static Optional<String> nearest(String written, Collection<String> names) {
    String letters = letters(written);
    int tolerance = Math.min(TOLERANCE, letters.length() / 2);
    return names.stream()
        .filter(name -> distance(letters, letters(name)) <= tolerance)
        .min(Comparator.comparingInt(name -> distance(letters, letters(name))));
  }

  /**
   * How names are divided is the most frequent mistake, and no difference in what is meant; nor is
   * what all of them begin with.
   */
  private static String letters(String name) {
    return name.toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z0-9]", "")
        .replaceFirst("^slipstream", "");
  }

  /** Levenshtein's: letters to be inserted, deleted or replaced. */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[other.length()];
  }
}
