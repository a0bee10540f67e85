package dev.slipstream.drafting.promptlookup;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
  public PromptLookupConfig(
      @Nullable Integer minNgram,
      @Nullable Integer maxNgram,
      @Nullable Integer candidates,
      @Nullable Integer maxDepth) {
    this.minNgram = Objects.requireNonNullElse(minNgram, 2);
    this.maxNgram = Objects.requireNonNullElse(maxNgram, 8);
    this.candidates = Objects.requireNonNullElse(candidates, 16);
    this.maxDepth = Objects.requireNonNullElse(maxDepth, 16);
    require(
        this.minNgram >= 1 && this.minNgram <= this.maxNgram && this.maxNgram <= 32,
        "1 <= min-ngram <= max-ngram <= 32");
    require(this.candidates >= 1 && this.candidates <= 64, "1 <= candidates <= 64");
    require(this.maxDepth >= 1 && this.maxDepth <= 256, "1 <= max-depth <= 256");
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("prompt lookup needs " + rule);
    }
  }
}
