package dev.slipstream.engine.speculation;

import java.util.Arrays;

/**
 * The distribution q that a draft token was drawn from: its whole support. Immutable; probabilities
 * add up to 1, tokens ascend.
 */
public final class DraftDistribution {
  /** How far from 1 the probabilities on the wire may add up. */
  private static final double TOLERANCE = 1e-3;

  private final int[] tokens;
  private final double[] probabilities;

  private DraftDistribution(int[] tokens, double[] probabilities) {
    this.tokens = tokens;
    this.probabilities = probabilities;
  }

  /**
   * @param tokens distinct ids
   * @param probabilities of these tokens, adding up to 1
   * @throws IllegalArgumentException saying what is wrong
   */
  public static DraftDistribution of(int[] tokens, float[] probabilities) {
    if (tokens.length != probabilities.length || tokens.length == 0) {
      throw new IllegalArgumentException(
          "q has %d tokens and %d probabilities".formatted(tokens.length, probabilities.length));
    }
    double sum = 0;
    for (int i = 0; i < tokens.length; i++) {
      if (!(probabilities[i] >= 0)) {
        throw new IllegalArgumentException(
            "q gives token %d the probability %s".formatted(tokens[i], probabilities[i]));
      }
      sum += probabilities[i];
    }
    if (!(Math.abs(sum - 1) <= TOLERANCE)) {
      throw new IllegalArgumentException("q adds up to " + sum + " instead of 1");
    }
    int[] sorted = tokens.clone();
    Arrays.sort(sorted);
    double[] normalised = new double[sorted.length];
    for (int i = 0; i < tokens.length; i++) {
      int at = Arrays.binarySearch(sorted, tokens[i]);
      if (at > 0 && sorted[at - 1] == tokens[i]
          || at + 1 < sorted.length && sorted[at + 1] == tokens[i]) {
        throw new IllegalArgumentException("q names token " + tokens[i] + " twice");
      }
      normalised[at] = probabilities[i] / sum;
    }
    return new DraftDistribution(sorted, normalised);
  }

  public int size() {
    return tokens.length;
  }

  /** The i-th token; tokens ascend. */
  public int token(int i) {
    return tokens[i];
  }

  public double probability(int i) {
    return probabilities[i];
  }

  public double probabilityOf(int token) {
    int i = Arrays.binarySearch(tokens, token);
    return i < 0 ? 0 : probabilities[i];
  }

  /** This distribution given that none of some tokens was drawn. */
  DraftDistribution without(int[] excluded, int count) {
    double[] rest = probabilities.clone();
    double sum = 0;
    for (int i = 0; i < count; i++) {
      int at = Arrays.binarySearch(tokens, excluded[i]);
      if (at >= 0) {
        rest[at] = 0;
      }
    }
    for (double probability : rest) {
      sum += probability;
    }
    for (int i = 0; i < rest.length; i++) {
      rest[i] /= sum;
    }
    return new DraftDistribution(tokens, rest);
  }

  int[] tokens() {
    return tokens;
  }

  double[] probabilities() {
    return probabilities;
  }
}
