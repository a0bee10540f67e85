package dev.slipstream.gateway.text;

import java.util.List;

/**
 * Looks for stop strings in a text that comes in pieces and holds back what may be the beginning of
 * one. The stop string that is complete first wins (among those, the one that began first), so the
 * result does not depend on how the text is cut. Takes time that grows with the text and not with
 * what is held back: each stop string is followed as in the algorithm of Knuth, Morris and Pratt.
 * Not thread-safe.
 */
public final class StopMatcher {
  private final List<Needle> needles;
  private final StringBuilder held = new StringBuilder();
  private boolean matched;

  /** One stop string, and how much of it the text ends with. */
  private static final class Needle {
    private final String stop;

    /** For each length of a beginning: the longest shorter one that it ends with. */
    private final int[] shorter;

    private int length;

    Needle(String stop) {
      this.stop = stop;
      this.shorter = new int[stop.length() + 1];
      for (int i = 1, j = 0; i < stop.length(); i++) {
        while (j > 0 && stop.charAt(i) != stop.charAt(j)) {
          j = shorter[j];
        }
        j += stop.charAt(i) == stop.charAt(j) ? 1 : 0;
        shorter[i + 1] = j;
      }
    }

    void follow(char next) {
      while (length > 0 && stop.charAt(length) != next) {
        length = shorter[length];
      }
      length += stop.charAt(length) == next ? 1 : 0;
    }

    boolean isComplete() {
      return length == stop.length();
    }
  }

  /**
   * @param stops none of them empty
   */
  public StopMatcher(List<String> stops) {
    this.needles = stops.stream().map(Needle::new).toList();
  }

  /** The text that can be given out now; after a match, nothing. */
  public String append(String text) {
    if (matched || text.isEmpty()) {
      return "";
    }
    for (int i = 0; i < text.length(); i++) {
      held.append(text.charAt(i));
      int length = longestMatch(text.charAt(i));
      if (length > 0) {
        matched = true;
        return held.substring(0, held.length() - length);
      }
    }
    int keep = needles.stream().mapToInt(needle -> needle.length).max().orElse(0);
    String released = held.substring(0, held.length() - keep);
    held.delete(0, held.length() - keep);
    return released;
  }

  /** Length of the longest stop string that ends with this character, or 0. */
  private int longestMatch(char next) {
    int longest = 0;
    for (Needle needle : needles) {
      needle.follow(next);
      if (needle.isComplete()) {
        longest = Math.max(longest, needle.length);
      }
    }
    return longest;
  }

  /** What was held back in vain, as the text has ended. */
  public String finish() {
    String rest = matched ? "" : held.toString();
    held.setLength(0);
    return rest;
  }

  /** Whether a stop string has occurred. */
  public boolean matched() {
    return matched;
  }
}
