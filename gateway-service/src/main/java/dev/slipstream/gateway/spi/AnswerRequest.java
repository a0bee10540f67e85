package dev.slipstream.gateway.spi;

/**
 * What is wanted of one prompt.
 *
 * @param strategy the name of the strategy that the client asks for; empty if it does not care
 * @param n answers that the client is shown, at least 1
 * @param bestOf answers of which these are the best; at least {@code n}
 * @param seed of the first answer; answer i has seed + i
 */
public record AnswerRequest(String strategy, int n, int bestOf, long seed) {
  public AnswerRequest {
    if (n < 1 || bestOf < n) {
      throw new IllegalArgumentException("the best %d of %d answers".formatted(n, bestOf));
    }
  }
}
