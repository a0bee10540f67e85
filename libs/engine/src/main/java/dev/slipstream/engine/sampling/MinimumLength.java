package dev.slipstream.engine.sampling;

import java.util.Set;

/** Keeps tokens that would end a text from coming too early. */
public final class MinimumLength implements TokenRule {
  private final int tokens;
  private final int[] ends;

  /**
   * @param tokens generated ones that come before the first of {@code ends}
   * @param ends ids within the vocabulary, and not all of it
   */
  public MinimumLength(int tokens, Set<Integer> ends) {
    this.tokens = tokens;
    this.ends = ends.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public boolean bans(TokenHistory history) {
    return history.generated() < tokens;
  }

  @Override
  public void mask(float[] logits, TokenHistory history) {
    if (bans(history)) {
      for (int end : ends) {
        logits[end] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
