package dev.slipstream.engine.sampling;

import java.util.Arrays;
import java.util.List;

/**
 * Natural logarithms of probabilities under the raw logits: before bias, penalties, temperature and
 * truncation.
 *
 * @param chosen the token that was chosen
 * @param top the likeliest tokens, likeliest first; equal ones by token id
 */
public record TokenLogprobs(Entry chosen, List<Entry> top) {
  private static final LogitKernels KERNELS = LogitKernels.best();

  /** The most alternatives that can be asked for. */
  public static final int MAX_TOP = 20;

  /**
   * @param logprob at most 0
   */
  public record Entry(int token, float logprob) {}

  public TokenLogprobs {
    top = List.copyOf(top);
  }

  /**
   * @param logits the array that holds the row
   * @param offset where the row starts
   * @param topCount number of alternatives, 0 to {@link #MAX_TOP}
   */
  public static TokenLogprobs of(
      float[] logits, int offset, int vocabularySize, int token, int topCount) {
    if (topCount < 0 || topCount > MAX_TOP) {
      throw new IllegalArgumentException(
          "top_logprobs is " + topCount + ", but must be from 0 to " + MAX_TOP);
    }
    double logSum = KERNELS.logSumExp(logits, offset, vocabularySize);
    return new TokenLogprobs(
        entry(logits, offset, token, logSum),
        likeliest(logits, offset, vocabularySize, topCount, logSum));
  }

  /**
   * Natural logarithms of the probabilities of some tokens, each at most 0.
   *
   * @param logits the array that holds the row
   * @param offset where the row starts
   */
  public static float[] of(float[] logits, int offset, int vocabularySize, int[] tokens) {
    double logSum = KERNELS.logSumExp(logits, offset, vocabularySize);
    float[] logprobs = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      logprobs[i] = entry(logits, offset, tokens[i], logSum).logprob();
    }
    return logprobs;
  }

  /**
   * The likeliest tokens alone, likeliest first.
   *
   * @param logits the array that holds the row
   * @param offset where the row starts
   * @param count how many; no more than there are
   */
  public static List<Entry> likeliest(float[] logits, int offset, int vocabularySize, int count) {
    double logSum = KERNELS.logSumExp(logits, offset, vocabularySize);
    return likeliest(logits, offset, vocabularySize, count, logSum);
  }

  private static List<Entry> likeliest(
      float[] logits, int offset, int vocabularySize, int count, double logSum) {
    long[] keys = new long[Math.min(count, vocabularySize)];
    if (keys.length > 0) {
      Truncation.largest(logits, offset, vocabularySize, keys.length, keys);
      Arrays.sort(keys);
    }
    return Arrays.stream(keys).mapToObj(key -> entry(logits, offset, (int) key, logSum)).toList();
  }

  private static Entry entry(float[] logits, int offset, int token, double logSum) {
    return new Entry(token, (float) Math.min(0, logits[offset + token] - logSum));
  }
}
