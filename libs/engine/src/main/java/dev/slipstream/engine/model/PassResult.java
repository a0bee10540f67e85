package dev.slipstream.engine.model;

import java.util.Objects;

/** What a pass computed for the rows of its batch that asked for it. */
public final class PassResult {
  private final boolean[] finite;
  private final int vocabularySize;
  private final float[] logits;
  private final float[] entropies;
  private final int dimension;
  private final float[] hidden;

  /**
   * Memory for the results of one pass after the other; see the methods for what belongs where.
   *
   * @param entropies as many as there are rows in {@code logits}, or none
   * @param dimension of a hidden state
   */
  public PassResult(
      boolean[] finite,
      int vocabularySize,
      float[] logits,
      float[] entropies,
      int dimension,
      float[] hidden) {
    this.finite = finite;
    this.vocabularySize = vocabularySize;
    this.logits = logits;
    this.entropies = entropies;
    this.dimension = dimension;
    this.hidden = hidden;
  }

  /**
   * Whether all that was computed for a row was finite. If not, its KV is no better than its
   * logits: what cannot be stored was replaced.
   */
  public boolean isFinite(int row) {
    return finite[row];
  }

  /** Logits; see {@link #logitsOffset}. */
  public float[] logits() {
    return logits;
  }

  /**
   * Where the {@code vocabularySize} logits of a row start.
   *
   * @param logitRow as {@link dev.slipstream.engine.runtime.Batch#logitRow} says
   */
  public int logitsOffset(int logitRow) {
    return Objects.checkIndex(logitRow, logits.length / vocabularySize) * vocabularySize;
  }

  /**
   * Entropy in nats; NaN if the row did not ask for it, or its logits are not finite.
   *
   * @param logitRow as {@link dev.slipstream.engine.runtime.Batch#logitRow} says
   */
  public float entropy(int logitRow) {
    return entropies[logitRow];
  }

  /** Hidden states; see {@link #hiddenOffset}. */
  public float[] hidden() {
    return hidden;
  }

  /**
   * Where the {@code dimension} numbers of a row's hidden state start.
   *
   * @param hiddenRow as {@link dev.slipstream.engine.runtime.Batch#hiddenRow} says
   */
  public int hiddenOffset(int hiddenRow) {
    return Objects.checkIndex(hiddenRow, hidden.length / dimension) * dimension;
  }
}
