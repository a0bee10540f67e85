package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.Proposed;

/** A submitted sequence that is decoded. */
public interface DecodeHandle extends SequenceHandle {
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
}
