package dev.slipstream.draft.application;

/** Takes what a {@link DraftStream} finds; called by one thread at a time. */
public interface ProposalSink {
  /**
   * Whether a proposal would be sent on now; if not, {@link DraftStream#ready} is called when it
   * is.
   */
  boolean isReady();

  void propose(Proposed proposal);

  /** The drafter broke; there will be no more proposals. */
  void fail(Throwable cause);
}
