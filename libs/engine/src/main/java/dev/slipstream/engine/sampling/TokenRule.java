package dev.slipstream.engine.sampling;

/**
 * Which tokens may follow one text, whatever the model thinks of them: a grammar, a least length.
 * It is a part of p wherever a token is chosen, at every node of a draft tree too, so that what it
 * lets through is as exact as without it. A rule belongs to one {@link TokenHistory}, and is told
 * of all that happens to it after the prompt.
 */
public interface TokenRule {
  /** Everything may follow. */
  TokenRule NONE =
      new TokenRule() {
        @Override
        public boolean bans(TokenHistory history) {
          return false;
        }

        @Override
        public void mask(float[] logits, TokenHistory history) {}
      };

  /** Whether {@link #mask} has anything to do now: logits that it may change are copied first. */
  default boolean bans(TokenHistory history) {
    return true;
  }

  /**
   * Bans tokens from following the text: sets their logits to minus infinity, and changes no
   * others. One token at least must be left.
   *
   * @param logits of all tokens, from 0, with bias and penalties
   * @param history the text as it is now
   */
  void mask(float[] logits, TokenHistory history);

  /** The text has grown by a token: for good, or for as long as a draft is tried. */
  default void appended(int token) {}

  /** The text has lost its last tokens; prompt and draft tried, it has now so many. */
  default void truncated(int length) {}
}
