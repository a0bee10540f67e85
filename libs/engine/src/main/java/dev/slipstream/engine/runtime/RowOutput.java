package dev.slipstream.engine.runtime;

/** What a row of a {@link Batch} asks of a pass, besides its keys and values in the cache. */
public enum RowOutput {
  /** Logits of the next token, one for each token of the vocabulary. */
  LOGITS,

  /**
   * The hidden state that the output head turns into logits: behind the last block and the final
   * norm, as many floats as the model has dimensions. This side of the norm is the one that draft
   * heads beside the output head are trained on, and length predictors, too.
   */
  HIDDEN,

  /**
   * Entropy in nats, from 0 to ln(vocabulary), of the softmax of the logits, as they are: without
   * temperature or truncation. Takes the output head, and so a place among the rows with logits.
   */
  ENTROPY
}
