package dev.slipstream.text.tokenizer;

/**
 * Says how many tokens a text has at least, much faster than it can be encoded, so that a text that
 * is far too long is refused for the price of looking at its beginning.
 *
 * <p>The tokens of a text spell it, one after another. So it has at least as many as it takes steps
 * to get from its start to its end, where a step leads over any spelling of the vocabulary that the
 * text has at that place, or over a part of one. Allowing parts makes all places up to some point
 * reachable in the same number of steps, which is what makes counting simple, and can only make the
 * number smaller. Never more than {@link Tokenizer#encode} gives, whatever its flags. Immutable.
 */
public final class FewestTokens {
  private final SpellingTrie spellings;
  private final boolean[] free;
  private final boolean escapesSpaces;

  /**
   * @param spellings what tokens stand for in a text, as {@link #spelling} spells it
   * @param free bytes that may belong to no token, by value
   * @param escapesSpaces whether the tokenizer writes a space as U+2581
   */
  FewestTokens(SpellingTrie spellings, boolean[] free, boolean escapesSpaces) {
    this.spellings = spellings;
    this.free = free;
    this.escapesSpaces = escapesSpaces;
  }

  /** Spaces and their other form count as the same. */
  static byte[] spelling(String text, boolean escapesSpaces) {
    return Utf8.encode(escapesSpaces ? text.replace(SpmEncoder.SPACE, " ") : text);
  }

  /**
   * The fewest tokens that the text may have, special tokens around it not counted; more than
   * {@code enough} are not counted on, and give {@code enough} + 1.
   */
  public int count(String text, int enough) {
    byte[] bytes = spelling(text, escapesSpaces);
    int tokens = 0;
    int reached = afterFree(bytes, 0);
    int before = -1;
    while (reached < bytes.length && tokens <= enough) {
      int farthest = reached + 1;
      for (int at = reached; at > before; at--) {
        if (at + spellings.longest(bytes[at]) > farthest) {
          farthest = Math.max(farthest, at + spellings.longest(bytes, at));
        }
      }
      before = reached;
      reached = afterFree(bytes, farthest);
      tokens++;
    }
    return tokens;
  }

  private int afterFree(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && free[bytes[at] & 0xff]) {
      at++;
    }
    return at;
  }
}
