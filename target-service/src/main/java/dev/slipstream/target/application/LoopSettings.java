package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

/**
 * Limits of the decode loop.
 *
 * @param kvBlocks blocks of the KV pool, at least 1
 * @param contextLength most tokens of a sequence, prompt included; lowered to what the pool holds
 * @param maxBatchRows rows of one forward pass
 * @param prefillChunk prompt rows of a pass in which other sequences decode
 * @param maxRunning sequences that are decoded at the same time
 * @param maxQueued sequences that wait for a place; more are refused
 * @param maxResumed answers begun elsewhere that wait besides them
 * @param maxDraftTokens draft tokens of one sequence in one pass; 0 switches speculation off
 */
public record LoopSettings(
    int kvBlocks,
    int contextLength,
    int maxBatchRows,
    int prefillChunk,
    int maxRunning,
    int maxQueued,
    int maxResumed,
    int maxDraftTokens) {
  public LoopSettings {
    // So that the oldest sequence, alone with the pool, can always finish.
    contextLength = (int) Math.min(contextLength, (long) kvBlocks * BLOCK_TOKENS);
    if (maxRunning > maxBatchRows) {
      throw new IllegalArgumentException(
          "max-running (%d) must not exceed max-batch-rows (%d): each running sequence takes a row"
              .formatted(maxRunning, maxBatchRows));
    }
  }

  /** Rows of one pass that can ask for logits: every sequence's own and the drafts'. */
  public int maxLogitRows() {
    return maxLogitRows(maxBatchRows, maxRunning, maxDraftTokens);
  }

  /** The same, before there are settings. */
  public static int maxLogitRows(int maxBatchRows, int maxRunning, int maxDraftTokens) {
    return Math.min(maxBatchRows, maxRunning + Math.max(48, 3 * maxDraftTokens));
  }
}
