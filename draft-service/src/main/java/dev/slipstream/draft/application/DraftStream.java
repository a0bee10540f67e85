package dev.slipstream.draft.application;

import dev.slipstream.draft.application.DraftLimits.Resting;
import dev.slipstream.draft.application.DraftRefusedException.Reason;
import dev.slipstream.draft.drafter.DraftSession;
import dev.slipstream.draft.drafter.Drafter;
import dev.slipstream.engine.speculation.DraftTree;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;

/**
 * Follows one text. Committed tokens are only noted when they arrive; the drafter works on the
 * executor, one run at a time, and each run takes all that has arrived by then.
 */
public final class DraftStream implements AutoCloseable {
  private final DraftStreams streams;
  private final String drafter;
  private final int maxNodes;
  private final ProposalSink sink;
  private final DraftMetrics.OfDrafter metrics;

  // What has arrived; guarded by this.
  private int[] arrived = {};
  private int known;
  private int wanted = 1;
  private boolean scheduled;
  private boolean closed;

  // The run's own; runs follow one another through the lock.
  private final DraftSession session;
  private final ProposalTrail trail = new ProposalTrail();
  private int length;
  private int sinceProposal;
  private int answered;
  private long epoch;

  DraftStream(DraftStreams streams, Drafter drafter, int maxTokens, ProposalSink sink) {
    this.streams = streams;
    this.drafter = drafter.name();
    this.session = drafter.open();
    this.maxNodes = Math.min(maxTokens, streams.limits().maxNodes());
    this.metrics = streams.metrics().of(drafter.name());
    this.sink = sink;
  }

  void open(int[] prompt) {
    commit(0, prompt, 1);
  }

  /**
   * The text goes on.
   *
   * @param baseLength tokens before these
   * @param wantedTokens how many draft tokens the target can use now; 0 lets the drafter rest
   * @throws DraftRefusedException if tokens are missing before these, or a limit is reached
   */
  public synchronized void commit(int baseLength, int[] tokens, int wantedTokens) {
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
    streams.admit(known, tokens);
    int before = arrived.length;
    arrived = Arrays.copyOf(arrived, before + tokens.length);
    System.arraycopy(tokens, 0, arrived, before, tokens.length);
    known += tokens.length;
    wanted = wantedTokens;
    schedule();
  }

  /** The sink can take proposals again. */
  public synchronized void ready() {
    schedule();
  }

  /** Ends the stream and frees what it holds; a run that is under way ends unheard. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arrived = new int[0];
      streams.closed(known);
      if (!scheduled) {
        session.close();
      }
    }
  }

  private void schedule() {
    if (!scheduled && !closed) {
      scheduled = true;
      submit();
    }
  }

  private void submit() {
    try {
      streams.executor().execute(this::run);
    } catch (RejectedExecutionException e) {
      // The service is going down; the transport ends the stream.
      scheduled = false;
    }
  }

  private void run() {
    int[] tokens;
    int wantedNow;
    synchronized (this) {
      tokens = arrived;
      arrived = new int[0];
      wantedNow = wanted;
    }
    try {
      work(tokens, wantedNow);
    } catch (RuntimeException | Error e) {
      // Errors too: a deep recursion or an allocation that is too large ends the stream that has
      // it, and the client hears of it.
      close();
      sink.fail(e);
    }
    synchronized (this) {
      if (closed) {
        session.close();
      } else if (arrived.length > 0) {
        submit();
      } else {
        scheduled = false;
      }
    }
  }

  private void work(int[] tokens, int wantedNow) {
    session.append(tokens);
    length += tokens.length;
    sinceProposal += tokens.length;
    trail.follow(tokens);
    if (isDue(wantedNow) && sink.isReady()) {
      Resting resting = streams.limits().resting();
      propose(wantedNow == 0 ? Math.min(maxNodes, resting.nodes()) : maxNodes, wantedNow > 0);
    }
  }

  private boolean isDue(int wantedNow) {
    return trail.isNextDue()
        && (wantedNow > 0 || sinceProposal >= streams.limits().resting().interval());
  }

  /**
   * @param isAwaited whether the target is to hear, once for each text, that nothing is known
   */
  private void propose(int nodes, boolean isAwaited) {
    DraftTree tree = metrics.time().record(() -> session.propose(nodes));
    sinceProposal = 0;
    boolean isNews = trail.isNews(tree);
    if (isNews) {
      trail.proposed(tree);
      metrics.proposals().increment();
      metrics.tokens().increment(tree.size());
    }
    boolean isAnswer = isAwaited && trail.isOver() && length > answered;
    if ((isNews || isAnswer) && !isClosed()) {
      answered = length;
      sink.propose(new Proposed(++epoch, length, tree, drafter));
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }
}
