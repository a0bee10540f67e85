package dev.slipstream.engine.sampling;

import java.util.Arrays;

/**
 * A probability for each of some tokens; all others have none. This is the distribution that a
 * token is drawn from: after bias, penalties, temperature and truncation. Tokens stand in ascending
 * order.
 *
 * <p>A sampler fills the same object again and again. Not safe for use by several threads.
 */
public final class TokenDistribution {
  private static final LogitKernels KERNELS = LogitKernels.best();

  private final int[] tokens;
  private final float[] weights;
  private boolean dense;
  private int size;
  private double total;

  TokenDistribution(int vocabularySize) {
    this.tokens = new int[vocabularySize];
    this.weights = new float[vocabularySize];
  }

  /** Number of tokens that were kept; {@link #probability} of some may be 0. */
  public int size() {
    return size;
  }

  /** The i-th kept token; tokens ascend. */
  public int token(int i) {
    return dense ? i : tokens[i];
  }

  /** Probability of the i-th kept token. */
  public double probability(int i) {
    return weights[i] / total;
  }

  /** Probability of a token; 0 if it was not kept. */
  public double probabilityOf(int token) {
    int i = indexOf(token);
    return i < 0 ? 0 : probability(i);
  }

  /**
   * The token at quantile {@code u} of the kept tokens in ascending order.
   *
   * @param u in [0, 1)
   */
  public int sample(double u) {
    double left = u * total;
    int last = -1;
    for (int i = 0; i < size; i++) {
      float weight = weights[i];
      if (weight > 0) {
        if (left < weight) {
          return token(i);
        }
        left -= weight;
        last = i;
      }
    }
    if (last < 0) {
      throw new IllegalStateException("the distribution has no token");
    }
    return token(last);
  }

  /**
   * Turns p into norm(max(0, p - q)), the distribution after {@code rejected}, drawn from q, was
   * rejected.
   *
   * @param qTokens support of q, without repetition
   * @param q probabilities of {@code qTokens}
   * @return false, with p left as it was, if p - q is nowhere above 0: then p equals q but for
   *     rounding
   */
  public boolean subtract(int[] qTokens, double[] q, int rejected) {
    double before = total;
    float[] undo = new float[qTokens.length];
    for (int j = 0; j < qTokens.length; j++) {
      int i = indexOf(qTokens[j]);
      if (i >= 0) {
        undo[j] = weights[i];
        double difference = weights[i] - q[j] * before;
        weights[i] = qTokens[j] == rejected ? 0 : (float) Math.max(0, difference);
      }
    }
    total = sum();
    if (total > before * 1e-9) {
      return true;
    }
    for (int j = 0; j < qTokens.length; j++) {
      int i = indexOf(qTokens[j]);
      if (i >= 0) {
        weights[i] = undo[j];
      }
    }
    total = before;
    return false;
  }

  /** All probability on one token. */
  TokenDistribution certain(int token) {
    dense = false;
    size = 1;
    tokens[0] = token;
    weights[0] = 1;
    total = 1;
    return this;
  }

  /** Softmax of all logits at a temperature above 0. */
  TokenDistribution softmax(float[] logits, int offset, float max, float temperature) {
    dense = true;
    size = weights.length;
    return withTotal(KERNELS.exp(logits, offset, size, max, temperature, weights));
  }

  /** Softmax over the tokens in the lower halves of the first {@code count} keys. */
  TokenDistribution softmax(
      long[] keys, int count, float[] logits, int offset, float max, float temperature) {
    dense = false;
    size = count;
    for (int i = 0; i < count; i++) {
      tokens[i] = (int) keys[i];
    }
    Arrays.sort(tokens, 0, count);
    for (int i = 0; i < count; i++) {
      weights[i] = weight(logits[offset + tokens[i]], max, temperature);
    }
    return withTotal(sum());
  }

  static float weight(float logit, float max, float temperature) {
    return ScalarLogitKernels.exp((logit - max) / temperature);
  }

  private TokenDistribution withTotal(double sum) {
    total = sum;
    if (!(total > 0 && total < Double.POSITIVE_INFINITY)) {
      throw new IllegalStateException(
          "the logits are not numbers: their softmax adds up to " + total);
    }
    return this;
  }

  private double sum() {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += weights[i];
    }
    return sum;
  }

  private int indexOf(int token) {
    if (dense) {
      return token >= 0 && token < size ? token : -1;
    }
    return Arrays.binarySearch(tokens, 0, size, token);
  }
}
