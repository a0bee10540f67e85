package dev.slipstream.target.application;

/** A submitted sequence, for the thread that submitted it and any other. Nothing here waits. */
public interface SequenceHandle {
  /** Ends the sequence without a further word; its KV is free at the next step. */
  void cancel();
}
