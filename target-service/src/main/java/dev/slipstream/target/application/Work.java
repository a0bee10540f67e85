package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;

/** What a pass does for one sequence: its rows, and what becomes of them. */
sealed interface Work permits PrefillChunk, Decode, Verify, Score {
  Sequence sequence();

  /** Rows in the batch, at least 1; they have been reserved in the sequence's KV. */
  int rows();

  /** How many of them ask for logits. */
  int logitRows();

  /** Committed tokens that its rows look at, summed over them. */
  default long kvTokens() {
    return (long) rows() * sequence().kv().length();
  }

  /** Whether its rows are of the kind that the cost of passes is about. */
  boolean isOfAnswer();

  void fill(Batch batch);

  /**
   * Draws the conclusions from what was computed. Nothing has been committed yet, and nobody has
   * heard of anything.
   *
   * @throws IllegalStateException if one of its rows, or of the logits, is not finite
   */
  void judge(ComputedPass pass);

  /** Commits what {@link #judge} found, and tells the client. */
  void commit(ComputedPass pass, Settlement settlement);

  /**
   * Adds the next tokens of the text as a chain behind what is committed.
   *
   * @param wantsLogits whether the last row does
   * @return the first row
   */
  static int fillChain(Batch batch, Sequence sequence, int tokens, boolean wantsLogits) {
    int first = batch.rows();
    int start = sequence.kv().length();
    int row = Batch.COMMITTED;
    for (int i = 0; i < tokens; i++) {
      boolean last = i == tokens - 1;
      row = batch.add(sequence.kv(), sequence.history.token(start + i), row, last && wantsLogits);
    }
    return first;
  }
}
