package dev.slipstream.engine.model;

import dev.slipstream.engine.runtime.Batch;

/** What computes batches: a model, as those see it who only want answers. */
@FunctionalInterface
public interface ForwardPass {
  /**
   * Computes all rows: writes their KV to the places that the batch names, and what else they ask
   * for to the result.
   *
   * @return valid until the next pass begins
   */
  PassResult forward(Batch batch);
}
