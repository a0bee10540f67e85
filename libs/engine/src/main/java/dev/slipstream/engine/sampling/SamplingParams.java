package dev.slipstream.engine.sampling;

import java.util.Map;

/**
 * How the next token is chosen. Every value is checked, none is clamped.
 *
 * @param temperature 0 to 2; 0 is greedy
 * @param topK keep the k likeliest tokens; 0 keeps all
 * @param topP keep the smallest set of tokens whose probabilities add up to this; above 0, at most
 *     1
 * @param minP drop tokens less likely than this fraction of the likeliest; 0 to 1
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens in the prompt
 *     or the answer; 0.01 to 100, so that no logit becomes infinite; 1 is off
 * @param presencePenalty subtracted once from the logits of tokens in the answer; -2 to 2
 * @param frequencyPenalty subtracted for each time a token occurs in the answer; -2 to 2
 * @param logitBias added to the logits of these token ids; -100 to 100
 * @param seed equal seeds and parameters give equal answers
 */
public record SamplingParams(
    float temperature,
    int topK,
    float topP,
    float minP,
    float repetitionPenalty,
    float presencePenalty,
    float frequencyPenalty,
    Map<Integer, Float> logitBias,
    long seed) {

  /**
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public SamplingParams {
    check(temperature >= 0 && temperature <= 2, "temperature", temperature, "from 0 to 2");
    check(topK >= 0, "top_k", topK, "0 (all tokens) or more");
    check(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
    check(minP >= 0 && minP <= 1, "min_p", minP, "from 0 to 1");
    check(
        repetitionPenalty >= 0.01f && repetitionPenalty <= 100,
        "repetition_penalty",
        repetitionPenalty,
        "from 0.01 to 100");
    check(Math.abs(presencePenalty) <= 2, "presence_penalty", presencePenalty, "from -2 to 2");
    check(Math.abs(frequencyPenalty) <= 2, "frequency_penalty", frequencyPenalty, "from -2 to 2");
    logitBias = Map.copyOf(logitBias);
    logitBias.forEach(
        (token, bias) -> {
          check(token >= 0, "a token id in logit_bias", token, "0 or more");
          check(Math.abs(bias) <= 100, "logit_bias of token " + token, bias, "from -100 to 100");
        });
  }

  /** The likeliest token each time, with nothing else changed. */
  public static SamplingParams greedy() {
    return new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(), 0);
  }

  /** Draws from the model's own distribution. */
  public static SamplingParams plain(long seed) {
    return new SamplingParams(1, 0, 1, 0, 1, 0, 0, Map.of(), seed);
  }

  /** The same with other draws. */
  public SamplingParams withSeed(long otherSeed) {
    return new SamplingParams(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        otherSeed);
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  /** Whether the earlier tokens of the text change the logits. */
  boolean hasPenalties() {
    return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
  }

  /** Whether some tokens may be left out. */
  boolean truncates() {
    return topK > 0 || topP < 1 || minP > 0;
  }

  private static void check(boolean valid, String name, Number value, String range) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + value + ", but must be " + range);
    }
  }
}
