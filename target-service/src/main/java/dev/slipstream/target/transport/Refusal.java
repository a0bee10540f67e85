package dev.slipstream.target.transport;

/** Why a block of kv-service was not used. */
enum Refusal {
  /** It is not what was asked for, or not as it was stored. */
  DAMAGED,
  /** It is as it was stored, but no block of the model. */
  MALFORMED,
  /** A pass with it went wrong. */
  FAILED
}
