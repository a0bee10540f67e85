package dev.slipstream.drafting.promptlookup;

import java.util.Objects;

/**
 * Settings of prompt lookup, and the only place of their defaults.
 *
 * @param minNgram fewest tokens at the end of the text that must have occurred before, at least 1;
 *     2 if null
 * @param maxNgram most tokens that are compared, at least {@code minNgram} and at most 32; 8 if
 *     null
 * @param candidates earlier occurrences that are taken into account, 1 to 64; 16 if null
 * @param maxDepth longest continuation, 1 to 256 tokens; 16 if null
 */
public record PromptLookupConfig(
    Integer minNgram, Integer maxNgram, Integer candidates, Integer maxDepth) {
  public static final PromptLookupConfig DEFAULT = new PromptLookupConfig(null, null, null, null);

  /**
   * @throws IllegalArgumentException with the rule that does not hold
   */
  public PromptLookupConfig {
    minNgram = Objects.requireNonNullElse(minNgram, 2);
    maxNgram = Objects.requireNonNullElse(maxNgram, 8);
    candidates = Objects.requireNonNullElse(candidates, 16);
    maxDepth = Objects.requireNonNullElse(maxDepth, 16);
    require(
        minNgram >= 1 && minNgram <= maxNgram && maxNgram <= 32,
        "1 <= min-ngram <= max-ngram <= 32");
    require(candidates >= 1 && candidates <= 64, "1 <= candidates <= 64");
    require(maxDepth >= 1 && maxDepth <= 256, "1 <= max-depth <= 256");
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("prompt lookup needs " + rule);
    }
  }
}
