package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.Proposed;

/** A submitted sequence, for the thread that submitted it and any other. Nothing here waits. */
public interface DecodeHandle {
  /** Of a sequence that was refused at once. */
  DecodeHandle ENDED =
      new DecodeHandle() {
        @Override
        public void propose(Proposed proposal) {}

        @Override
        public void fail(DecodeFailure failure) {}

        @Override
        public void cancel() {}
      };

  /** Offers tokens that may follow; one that is not later than another one before is dropped. */
  void propose(Proposed proposal);

  /** Ends the sequence; the listener hears of the failure. */
  void fail(DecodeFailure failure);

  /** Ends the sequence without a further word; its KV is free at the next step. */
  void cancel();
}
