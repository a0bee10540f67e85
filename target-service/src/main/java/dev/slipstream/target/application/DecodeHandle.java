package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.DraftTree;

/** A submitted sequence, for the thread that submitted it and any other. Nothing here waits. */
public interface DecodeHandle {
  /** Of a sequence that was refused at once. */
  DecodeHandle ENDED =
      new DecodeHandle() {
        @Override
        public void propose(long epoch, int baseLength, DraftTree tree) {}

        @Override
        public void fail(DecodeFailure failure) {}

        @Override
        public void cancel() {}
      };

  /**
   * Offers tokens that may follow the first {@code baseLength} tokens of the text.
   *
   * @param epoch grows with every proposal; older ones are dropped
   */
  void propose(long epoch, int baseLength, DraftTree tree);

  /** Ends the sequence; the listener hears of the failure. */
  void fail(DecodeFailure failure);

  /** Ends the sequence without a further word; its KV is free at the next step. */
  void cancel();
}
