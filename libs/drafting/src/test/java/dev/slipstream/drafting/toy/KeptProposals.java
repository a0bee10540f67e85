package dev.slipstream.drafting.toy;

import dev.slipstream.drafting.ProposalSink;
import dev.slipstream.engine.speculation.Proposed;
import java.util.ArrayList;
import java.util.List;

/** Keeps what is proposed, for a test to look at. */
public final class KeptProposals implements ProposalSink {
  public final List<Proposed> proposals = new ArrayList<>();
  public boolean ready = true;

  /** Null as long as nothing has failed. */
  public Throwable failure;

  @Override
  public boolean isReady() {
    return ready;
  }

  @Override
  public void propose(Proposed proposal) {
    proposals.add(proposal);
  }

  @Override
  public void fail(Throwable cause) {
    failure = cause;
  }
}
