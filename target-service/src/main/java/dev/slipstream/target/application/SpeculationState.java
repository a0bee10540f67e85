package dev.slipstream.target.application;

/**
 * What speculation does for a request, and why: the values of two labels, and so only these few.
 */
public enum SpeculationState {
  /** Drafts are verified: the expected gain is large enough. */
  GAIN("on", "gain"),
  /** The expected gain is too small. */
  NO_GAIN("gated", "no_gain"),
  /** Nobody has proposed anything. */
  NO_DRAFT("gated", "no_draft"),
  /** Other sequences fill the batch. */
  NO_ROOM("gated", "no_room"),
  /** The request wants none. */
  REQUEST("off", "request"),
  /** The target's configuration allows none. */
  CONFIGURATION("off", "configuration"),
  /** The client has no draft service, and says so. */
  NO_DRAFT_SERVICE("off", "no_draft_service");

  private final String state;
  private final String reason;

  SpeculationState(String state, String reason) {
    this.state = state;
    this.reason = reason;
  }

  /** "on", "gated" or "off". */
  public String state() {
    return state;
  }

  String reason() {
    return reason;
  }
}
