package dev.slipstream.target.application;

/** Hears that something unforeseen happened to one sequence. */
@FunctionalInterface
interface SequenceFailures {
  /** Takes the sequence out and answers it; does not throw. */
  void broke(Sequence sequence, Throwable cause);
}
