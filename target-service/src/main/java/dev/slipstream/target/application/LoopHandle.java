package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.target.application.Sequence.State;
import java.util.concurrent.atomic.AtomicReference;

/** Hands on to the decode loop what others want of one of its sequences. */
final class LoopHandle implements DecodeHandle {
  private final DecodeLoop loop;
  private final Decoding sequence;
  private final DecodeMetrics metrics;

  /** The latest proposal that the loop has not seen: a client that floods fills no queue. */
  private final AtomicReference<Proposed> latest = new AtomicReference<>();

  LoopHandle(DecodeLoop loop, Decoding sequence, DecodeMetrics metrics) {
    this.loop = loop;
    this.sequence = sequence;
    this.metrics = metrics;
  }

  @Override
  public void propose(Proposed proposal) {
    if (latest.getAndAccumulate(proposal, Proposed::later) == null) {
      loop.execute(this::takeLatest);
    } else {
      metrics.proposalDropped();
    }
  }

  private void takeLatest() {
    Proposed proposal = latest.getAndSet(null);
    if (sequence.state == State.ENDED) {
      return;
    }
    metrics.drafters().proposed(proposal);
    if (!sequence.drafts.propose(proposal, sequence.history)) {
      metrics.proposalDropped();
    }
  }

  @Override
  public void fail(DecodeFailure failure) {
    loop.fail(sequence, failure);
  }

  @Override
  public void cancel() {
    loop.cancel(sequence);
  }
}
