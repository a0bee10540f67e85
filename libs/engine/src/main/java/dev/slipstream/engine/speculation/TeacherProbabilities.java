package dev.slipstream.engine.speculation;

import dev.slipstream.engine.sampling.TokenLogprobs;
import java.util.Arrays;
import java.util.List;

/**
 * The head of the target's distribution at one place, for drafters that learn from it: raw, that is
 * before bias, penalties, temperature and truncation.
 *
 * @param tokens the likeliest, likeliest first; never changed
 * @param probabilities of these tokens; never changed
 * @param tailMass probability of all others together, 0 to 1
 */
public record TeacherProbabilities(int[] tokens, float[] probabilities, float tailMass) {
  /** Most tokens that a target tells of. */
  public static final int MAX_TOKENS = 64;

  /** How far from 1 everything may add up. */
  private static final float TOLERANCE = 1e-3f;

  /**
   * @throws IllegalArgumentException saying what is wrong
   */
  public TeacherProbabilities {
    if (tokens.length == 0 || tokens.length != probabilities.length) {
      throw new IllegalArgumentException(
          "%d tokens and %d probabilities".formatted(tokens.length, probabilities.length));
    }
    double sum = tailMass;
    for (float probability : probabilities) {
      if (!(probability >= 0)) {
        throw new IllegalArgumentException("a probability is " + probability);
      }
      sum += probability;
    }
    if (!(tailMass >= 0 && Math.abs(sum - 1) <= TOLERANCE)) {
      throw new IllegalArgumentException(
          "the tail has %s and everything adds up to %s instead of 1".formatted(tailMass, sum));
    }
  }

  /**
   * @param logits the array that holds the row
   * @param offset where the row starts
   * @param count of tokens, 1 to {@link #MAX_TOKENS}
   */
  public static TeacherProbabilities of(float[] logits, int offset, int vocabularySize, int count) {
    List<TokenLogprobs.Entry> top =
        TokenLogprobs.likeliest(logits, offset, vocabularySize, Math.min(count, MAX_TOKENS));
    int[] tokens = new int[top.size()];
    float[] probabilities = new float[top.size()];
    double rest = 1;
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = top.get(i).token();
      probabilities[i] = (float) Math.exp(top.get(i).logprob());
      rest -= probabilities[i];
    }
    return new TeacherProbabilities(tokens, probabilities, (float) Math.max(0, rest));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TeacherProbabilities that
        && Arrays.equals(tokens, that.tokens)
        && Arrays.equals(probabilities, that.probabilities)
        && tailMass == that.tailMass;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(tokens) + Arrays.hashCode(probabilities);
  }

  @Override
  public String toString() {
    return "TeacherProbabilities[%s %s, tail %s]"
        .formatted(Arrays.toString(tokens), Arrays.toString(probabilities), tailMass);
  }
}
