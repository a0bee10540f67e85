package dev.slipstream.drafting;

import dev.slipstream.engine.speculation.Proposed;

/** Takes what a {@link DraftFollower} finds; called by one thread at a time. */
public interface ProposalSink {
  /**
   * Whether a proposal would be sent on now; if not, {@link DraftFollower#ready} is called when it
   * is.
   */
  boolean isReady();

  void propose(Proposed proposal);

  /** The drafter broke; there will be no more proposals. */
  void fail(Throwable cause);
}
