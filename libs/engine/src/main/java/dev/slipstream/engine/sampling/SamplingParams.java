package dev.slipstream.engine.sampling;

import java.util.Map;

/**
 * How the next token is chosen. Every value is checked, none is clamped; what is wrong is named as
 * users name it.
 *
 * @param temperature 0 to 2; 0 is greedy
 * @param cutoffs which of the likeliest tokens are kept
 * @param penalties what earlier tokens of the text change
 * @param logitBias added to the logits of these token ids; -100 to 100
 * @param seed equal seeds and parameters give equal answers
 */
public record SamplingParams(
    float temperature,
    Cutoffs cutoffs,
    Penalties penalties,
    Map<Integer, Float> logitBias,
    long seed) {

  /**
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public SamplingParams {
    check(temperature >= 0 && temperature <= 2, "temperature", temperature, "from 0 to 2");
    logitBias = Map.copyOf(logitBias);
    logitBias.forEach(
        (token, bias) -> {
          check(token >= 0, "a token id in logit_bias", token, "0 or more");
          check(Math.abs(bias) <= 100, "logit_bias of token " + token, bias, "from -100 to 100");
        });
  }

  /**
   * Tokens that are no candidates.
   *
   * @param topK keep the k likeliest tokens; 0 keeps all
   * @param topP keep the smallest set of tokens whose probabilities add up to this; above 0, at
   *     most 1
   * @param minP drop tokens less likely than this fraction of the likeliest; 0 to 1
   */
  public record Cutoffs(int topK, float topP, float minP) {
    /** All tokens are candidates. */
    public static final Cutoffs NONE = new Cutoffs(0, 1, 0);

    /**
     * @throws IllegalArgumentException naming the value that is out of its range
     */
    public Cutoffs {
      check(topK >= 0, "top_k", topK, "0 (all tokens) or more");
      check(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
      check(minP >= 0 && minP <= 1, "min_p", minP, "from 0 to 1");
    }

    /** Whether some tokens may be left out. */
    boolean truncate() {
      return topK > 0 || topP < 1 || minP > 0;
    }
  }

  /**
   * What tokens pay for having occurred before.
   *
   * @param repetition divides positive and multiplies negative logits of tokens in the prompt or
   *     the answer; 0.01 to 100, so that no logit becomes infinite; 1 is off
   * @param presence subtracted once from the logits of tokens in the answer; -2 to 2
   * @param frequency subtracted for each time a token occurs in the answer; -2 to 2
   */
  public record Penalties(float repetition, float presence, float frequency) {
    /** No logit is changed. */
    public static final Penalties NONE = new Penalties(1, 0, 0);

    /**
     * @throws IllegalArgumentException naming the value that is out of its range
     */
    public Penalties {
      check(
          repetition >= 0.01f && repetition <= 100,
          "repetition_penalty",
          repetition,
          "from 0.01 to 100");
      check(Math.abs(presence) <= 2, "presence_penalty", presence, "from -2 to 2");
      check(Math.abs(frequency) <= 2, "frequency_penalty", frequency, "from -2 to 2");
    }

    /** Whether the earlier tokens of the text change the logits. */
    boolean change() {
      return repetition != 1 || presence != 0 || frequency != 0;
    }
  }

  /** The likeliest token each time, with nothing else changed. */
  public static SamplingParams greedy() {
    return of(0, 0);
  }

  /** Draws from the model's own distribution. */
  public static SamplingParams plain(long seed) {
    return of(1, seed);
  }

  private static SamplingParams of(float temperature, long seed) {
    return new SamplingParams(temperature, Cutoffs.NONE, Penalties.NONE, Map.of(), seed);
  }

  /** The same with other draws. */
  public SamplingParams withSeed(long otherSeed) {
    return new SamplingParams(temperature, cutoffs, penalties, logitBias, otherSeed);
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  private static void check(boolean valid, String name, Number value, String range) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + value + ", but must be " + range);
    }
  }
}
