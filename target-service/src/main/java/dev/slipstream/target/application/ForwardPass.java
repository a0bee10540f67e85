package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;

/** The model as the decode loop sees it. */
public interface ForwardPass {
  /**
   * Computes all rows, writes their KV to the places that the batch names, and logits for the rows
   * that ask for them.
   */
  void forward(Batch batch);

  /**
   * Whether all that the last pass computed for a row was finite. If not, its KV is of no more use
   * than its logits.
   */
  boolean isFinite(int row);

  /** The array that holds the logits of the last pass. */
  float[] logits();

  /** Where the logits of the n-th row start that had asked for them in the last pass. */
  int logitsOffset(int logitRow);
}
