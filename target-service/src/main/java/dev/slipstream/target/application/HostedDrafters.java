package dev.slipstream.target.application;

import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftFollower;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.ProposalSink;
import dev.slipstream.drafting.Resting;
import dev.slipstream.drafting.TargetFeatures;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drafters in the target's own process. One of them plays the part of a client's draft stream: it
 * hears what is committed and proposes, on a thread of its own, and the decode loop sees no
 * difference. It takes the sequences that name it, and those that name none; the client's own
 * proposals for them are dropped.
 */
public final class HostedDrafters implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HostedDrafters.class);

  /** Beyond what a pass verifies, so that one draft serves several passes. */
  private static final int NODES = 32;

  private static final TargetFeatures FEATURES =
      new TargetFeatures(TeacherProbabilities.MAX_TOKENS);

  private final DecodeLoop loop;
  private final DecodeMetrics metrics;
  private final Map<String, Drafter> drafters = new LinkedHashMap<>();
  private final ExecutorService threads;
  private final int vocabularySize;

  /**
   * @param drafters the first is the default; may be empty
   * @param threads that drafters work on; ended by {@link #close}
   */
  public HostedDrafters(
      DecodeLoop loop,
      DecodeMetrics metrics,
      int vocabularySize,
      List<Drafter> drafters,
      ExecutorService threads) {
    this.vocabularySize = vocabularySize;
    this.loop = loop;
    this.metrics = metrics;
    this.threads = threads;
    drafters.forEach(drafter -> this.drafters.put(drafter.name(), drafter));
  }

  /** The names of the drafters, the default first. */
  public List<String> names() {
    return List.copyOf(drafters.keySet());
  }

  /** As {@link DecodeLoop#submit}, with drafts where a hosted drafter is to make them. */
  public DecodeHandle submit(DecodeTask task, DecodeListener listener) {
    return drafter(task.speculation())
        .map(drafter -> new Drafted(task, drafter, listener).submit())
        .orElseGet(() -> loop.submit(task, listener));
  }

  @Override
  public void close() {
    threads.shutdown();
  }

  private Optional<Drafter> drafter(DecodeTask.Speculation wish) {
    if (wish.isOff()) {
      return Optional.empty();
    }
    return wish.drafter().isEmpty()
        ? drafters.values().stream().findFirst()
        : Optional.ofNullable(drafters.get(wish.drafter()));
  }

  /**
   * One sequence: stands between the decode loop and the client. A drafter that fails is heard of
   * in the log only; the answer goes on without it.
   */
  private final class Drafted implements DecodeListener, ProposalSink {
    private final DecodeTask task;
    private final Drafter drafter;
    private final DecodeListener client;

    /** A first draft may be there before the submitter has the handle. */
    private final CompletableFuture<DecodeHandle> handle = new CompletableFuture<>();

    private @Nullable DraftFollower follower;
    private boolean over;

    Drafted(DecodeTask task, Drafter drafter, DecodeListener client) {
      this.task = task;
      this.drafter = drafter;
      this.client = client;
    }

    DecodeHandle submit() {
      DecodeHandle submitted = loop.submit(task, this, true);
      handle.complete(submitted);
      return new ClientHandle(submitted, this);
    }

    /** A sequence that waits in the queue has no text in memory but its prompt. */
    @Override
    public void started(int cachedTokens, int remoteCachedTokens) {
      try {
        open();
      } catch (RuntimeException | Error e) {
        fail(e);
      }
      client.started(cachedTokens, remoteCachedTokens);
    }

    private synchronized void open() {
      if (over) {
        return;
      }
      follower =
          new DraftFollower(
              drafter,
              new DraftContext(
                  task.sampling().withSeed(ThreadLocalRandom.current().nextLong()),
                  task.caller().tenant(),
                  FEATURES),
              new DraftFollower.Pace(
                  Math.min(NODES, task.speculation().maxDraftTokens()), Resting.DEFAULT),
              threads,
              this);
      follower.advance(Progress.of(task.prompt()), 1);
    }

    @Override
    public void committed(CommittedTokens tokens) {
      if (follower != null) {
        int[] ids = tokens.tokens().stream().mapToInt(Integer::intValue).toArray();
        List<VerifiedDraft> verified = tokens.verified().map(List::of).orElse(List.of());
        follower.advance(new Progress(ids, verified), tokens.wantedDraftTokens());
      }
      client.committed(tokens);
    }

    @Override
    public void finished(Outcome outcome) {
      end();
      client.finished(outcome);
    }

    @Override
    public void failed(DecodeFailure failure) {
      end();
      client.failed(failure);
    }

    synchronized void end() {
      over = true;
      if (follower != null) {
        follower.close();
      }
    }

    @Override
    public boolean isReady() {
      return true;
    }

    /** What comes over the network has been checked; a drafter's error must not get further. */
    @Override
    public void propose(Proposed proposal) {
      DraftTree tree = proposal.tree();
      for (int n = 0; n < tree.size(); n++) {
        if (tree.token(n) >= vocabularySize) {
          throw new IllegalStateException(
              "drafter '%s' proposed token %d, outside of the vocabulary of %d"
                  .formatted(drafter.name(), tree.token(n), vocabularySize));
        }
      }
      handle.thenAccept(sequence -> sequence.propose(proposal));
    }

    @Override
    public void fail(Throwable cause) {
      log.error(
          "drafter '{}' failed; request '{}' goes on without it",
          drafter.name(),
          task.caller().requestId(),
          cause);
    }
  }

  /** What the client may do; it need not propose, and is not heard if it does. */
  private final class ClientHandle implements DecodeHandle {
    private final DecodeHandle sequence;
    private final Drafted drafted;

    ClientHandle(DecodeHandle sequence, Drafted drafted) {
      this.sequence = sequence;
      this.drafted = drafted;
    }

    @Override
    public void propose(Proposed proposal) {
      metrics.proposalDropped();
    }

    @Override
    public void fail(DecodeFailure failure) {
      sequence.fail(failure);
    }

    @Override
    public void cancel() {
      drafted.end();
      sequence.cancel();
    }
  }
}
