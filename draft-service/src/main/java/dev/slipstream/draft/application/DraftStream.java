package dev.slipstream.draft.application;

import dev.slipstream.draft.application.DraftRefusedException.Reason;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftFollower;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.ProposalSink;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.VerifiedDraft;

/** One text within the limits of the service, and the drafter that follows it. */
public final class DraftStream implements AutoCloseable {
  private final DraftStreams streams;
  private final DraftFollower follower;
  private int known;
  private boolean closed;

  DraftStream(
      DraftStreams streams,
      Drafter drafter,
      DraftContext context,
      int maxTokens,
      ProposalSink sink) {
    DraftLimits limits = streams.limits();
    this.streams = streams;
    this.follower =
        new DraftFollower(
            drafter,
            context,
            new DraftFollower.Pace(Math.min(maxTokens, limits.maxNodes()), limits.resting()),
            streams.executor(),
            new Metered(sink, streams.metrics().of(drafter.name())));
  }

  /**
   * The text goes on.
   *
   * @param baseLength tokens before these
   * @param wantedTokens how many draft tokens the target can use now; 0 lets the drafter rest
   * @throws DraftRefusedException if tokens are missing before these, if something became of drafts
   *     elsewhere than in these, or if a limit is reached
   */
  public synchronized void commit(int baseLength, Progress progress, int wantedTokens) {
    if (closed) {
      return;
    }
    if (baseLength != known) {
      throw streams.refusal(
          Reason.INVALID,
          "committed tokens after %d tokens, but the text known here has %d"
              .formatted(baseLength, known));
    }
    if (wantedTokens < 0) {
      throw streams.refusal(
          Reason.INVALID, "wanted_draft_tokens must not be negative, but is " + wantedTokens);
    }
    checkFeedback(progress);
    streams.admit(known, progress.tokens());
    known += progress.tokens().length;
    follower.advance(progress, wantedTokens);
  }

  private void checkFeedback(Progress progress) {
    int end = known + progress.tokens().length;
    for (VerifiedDraft draft : progress.verified()) {
      if (draft.baseLength() < known || draft.accepted() > end - draft.baseLength()) {
        throw streams.refusal(
            Reason.INVALID,
            "feedback about %d tokens from %d on, but the committed tokens are those from %d to %d"
                .formatted(draft.accepted(), draft.baseLength(), known, end));
      }
    }
  }

  /** The sink can take proposals again. */
  public void ready() {
    follower.ready();
  }

  /** Ends the stream and frees what it holds; a run that is under way ends unheard. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      streams.closed(known);
      follower.close();
    }
  }

  /** Counts what is sent on, and ends the stream with its drafter. */
  private final class Metered implements ProposalSink {
    private final ProposalSink sink;
    private final DraftMetrics.OfDrafter metrics;

    Metered(ProposalSink sink, DraftMetrics.OfDrafter metrics) {
      this.sink = sink;
      this.metrics = metrics;
    }

    @Override
    public boolean isReady() {
      return sink.isReady();
    }

    @Override
    public void propose(Proposed proposal) {
      metrics.proposed(proposal);
      sink.propose(proposal);
    }

    @Override
    public void fail(Throwable cause) {
      close();
      sink.fail(cause);
    }
  }
}
