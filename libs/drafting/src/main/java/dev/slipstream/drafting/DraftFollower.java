package dev.slipstream.drafting;

import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.Proposed;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Keeps a drafter in step with one text. Progress is only noted when it arrives; the drafter works
 * on the executor, one run at a time, and each run takes all that has arrived by then.
 */
public final class DraftFollower implements AutoCloseable {
  private final Drafter drafter;
  private final Pace pace;
  private final Executor executor;
  private final ProposalSink sink;
  private final int teacherTokens;

  // What has arrived; guarded by this.
  private Progress arrived = Progress.NONE;
  private int wanted = 1;
  private boolean scheduled;
  private boolean closed;

  // The run's own; runs follow one another through the lock.
  private final DraftSession session;
  private int length;
  private int sinceProposal;
  private int answered;
  private long epoch;

  /**
   * How much is proposed, and how often.
   *
   * @param nodes most nodes of a draft, at least 1
   * @param resting what a target is sent that wants no draft tokens
   */
  public record Pace(int nodes, Resting resting) {}

  /** Opens a session of the drafter, which is closed with this. */
  public DraftFollower(
      Drafter drafter, DraftContext context, Pace pace, Executor executor, ProposalSink sink) {
    this.drafter = drafter;
    this.pace = pace;
    this.executor = executor;
    this.sink = sink;
    this.teacherTokens = Math.min(drafter.teacherTokens(), context.features().teacherTokens());
    this.session = drafter.open(context);
  }

  /**
   * The text goes on.
   *
   * @param wantedTokens how many draft tokens the target can use now; 0 lets the drafter rest
   */
  public synchronized void advance(Progress progress, int wantedTokens) {
    if (!closed) {
      arrived = arrived.then(progress);
      wanted = wantedTokens;
      schedule();
    }
  }

  /** The sink can take proposals again. */
  public synchronized void ready() {
    schedule();
  }

  /** Ends the session; a run that is under way ends unheard. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arrived = Progress.NONE;
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
      executor.execute(this::run);
    } catch (RejectedExecutionException e) {
      // The host is going down, and ends the text itself.
      scheduled = false;
    }
  }

  private void run() {
    Progress progress;
    int wantedNow;
    synchronized (this) {
      progress = arrived;
      arrived = Progress.NONE;
      wantedNow = wanted;
    }
    try {
      work(progress, wantedNow);
    } catch (RuntimeException | Error e) {
      // Errors too: a deep recursion or an allocation that is too large ends the text that has it,
      // and the host hears of it.
      close();
      sink.fail(e);
    }
    synchronized (this) {
      if (closed) {
        session.close();
      } else if (arrived != Progress.NONE) {
        submit();
      } else {
        scheduled = false;
      }
    }
  }

  private void work(Progress progress, int wantedNow) {
    session.observe(progress);
    length += progress.tokens().length;
    sinceProposal += progress.tokens().length;
    boolean isResting = wantedNow == 0;
    // Of the same text a drafter has nothing new to say.
    if (sink.isReady() && sinceProposal >= (isResting ? pace.resting().interval() : 1)) {
      int nodes = isResting ? Math.min(pace.nodes(), pace.resting().nodes()) : pace.nodes();
      long start = System.nanoTime();
      Optional<DraftTree> tree = session.propose(new DraftBudget(nodes));
      double seconds = (System.nanoTime() - start) / 1e9;
      tree.ifPresent(t -> send(t, isResting, seconds));
    }
  }

  /** That nothing is known is told once for each text, and only to a target that may wait. */
  private void send(DraftTree tree, boolean isResting, double seconds) {
    sinceProposal = 0;
    boolean isWorthSending = !tree.isEmpty() || (!isResting && length > answered);
    if (isWorthSending && !isClosed()) {
      answered = length;
      sink.propose(new Proposed(++epoch, length, tree, drafter.name(), seconds, teacherTokens));
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }
}
