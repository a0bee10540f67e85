package dev.slipstream.draft.promptlookup;

/**
 * @param minNgram fewest tokens at the end of the text that must have occurred before, at least 1
 * @param maxNgram most tokens that are compared, at least {@code minNgram} and at most 32
 * @param candidates earlier occurrences that are taken into account, 1 to 64
 * @param maxDepth longest continuation, 1 to 256 tokens
 */
public record PromptLookupConfig(int minNgram, int maxNgram, int candidates, int maxDepth) {
  public PromptLookupConfig {
    require(
        minNgram >= 1 && minNgram <= maxNgram && maxNgram <= 32, "1 <= minNgram <= maxNgram <= 32");
    require(candidates >= 1 && candidates <= 64, "1 <= candidates <= 64");
    require(maxDepth >= 1 && maxDepth <= 256, "1 <= maxDepth <= 256");
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("prompt lookup needs " + rule);
    }
  }
}
