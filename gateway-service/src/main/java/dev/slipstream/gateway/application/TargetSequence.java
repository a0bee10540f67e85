package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.Accusation;
import dev.slipstream.gateway.upstream.FailureKind;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.TargetStream;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStarted;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sequence, which survives the loss of its target: relays proposals from the draft service to
 * the target and committed tokens the other way. If a target is lost, another one that serves the
 * same model goes on from the tokens there are: the prompt's length, the seed and the number of
 * tokens generated are all that the choice of a token depends on besides the text, so the rest is
 * what the lost target would have said.
 *
 * <p>Upstream calls back on its own threads; this object's monitor makes them one after another.
 */
final class TargetSequence {
  private static final Logger log = LoggerFactory.getLogger(TargetSequence.class);

  /** Hears, in order, what comes of it; the end once, unless it is cancelled. */
  interface Listener {
    /** A target has taken it into its batch; again when another one goes on with it. */
    void started(DecodeStarted started);

    /** Another target goes on with the tokens there are. */
    void resumed();

    /**
     * Tokens that follow those before.
     *
     * @return whether more are wanted
     */
    boolean committed(Committed committed);

    /**
     * The end.
     *
     * @param summary the target's; none if the listener wanted no more
     */
    void finished(Optional<DecodeFinished> summary, DraftLink drafts);

    void failed(ApiException failure);
  }

  /**
   * Where it comes from.
   *
   * @param tokens behind the prompt, which count as generated
   * @param home the target that has computed all this, if one has
   */
  record Origin(List<Integer> tokens, Optional<TargetEndpoint> home) {
    static final Origin PROMPT = new Origin(List.of(), Optional.empty());
  }

  private final DecodeStarts starts;
  private final PreparedRequest prepared;
  private final Origin origin;
  private final SequenceContext context;
  private final Targets targets;
  private final Listener listener;
  private final Deadline deadline;
  private final Failover failover;
  private final List<Integer> generated;

  /** Targets that have failed since there was a token. */
  private final Set<TargetEndpoint> tried = new HashSet<>();

  /** What is held against them if another one does what they could not. */
  private final List<Accusation> accusations = new ArrayList<>();

  private DraftLink draft;
  private volatile @Nullable Attempt attempt;
  private Optional<TargetEndpoint> latest = Optional.empty();
  private @Nullable FailureKind lastFailure;
  private volatile @Nullable Proposal newest;
  private boolean over;

  TargetSequence(
      DecodeStarts starts,
      Origin origin,
      SequenceContext context,
      Deadline deadline,
      Listener listener) {
    this.starts = starts;
    this.prepared = starts.prepared();
    this.origin = origin;
    this.context = context;
    this.targets = context.targets();
    this.listener = listener;
    this.deadline = deadline;
    this.failover = new Failover(context.settings().patience(), System::nanoTime);
    this.generated = new ArrayList<>(origin.tokens());
    this.draft = DraftLink.none(context, prepared);
  }

  /**
   * @param link its draft stream; its proposals go to {@link #propose}
   */
  synchronized void start(DraftLink link) {
    draft = link;
    if (over) {
      link.close();
    } else {
      guarded(this::next);
    }
  }

  /** Tokens generated so far, and those that it began with. */
  synchronized int length() {
    return generated.size();
  }

  /**
   * What another sequence begins with that shares the first tokens.
   *
   * @param tokens at most {@link #length}
   */
  synchronized Origin origin(int tokens) {
    return new Origin(List.copyOf(generated.subList(0, tokens)), latest);
  }

  /** What goes wrong in here is no target's fault, and the client must hear of it. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      fail(context.defects().failure("request " + starts.requestId(), e).error());
    }
  }

  /** The client has left. */
  synchronized void cancel() {
    if (!over) {
      end("the client has cancelled");
    }
  }

  /**
   * Passes a proposal on, or keeps it for the target's stream that is about to be opened. Takes no
   * lock, so as not to wait for text that is being made; a target may get a proposal twice, which
   * is harmless.
   */
  void propose(Proposal proposal) {
    newest = proposal;
    Attempt current = attempt;
    TargetStream stream = current == null ? null : current.stream;
    if (stream != null) {
      stream.propose(proposal);
    }
  }

  /** Goes (on) with the next target, waits for one, or fails. */
  private void next() {
    switch (context.suspects().turn(this)) {
      case GO -> target().ifPresentOrElse(this::open, this::nobodyLeft);
      case WAIT -> nobodyLeft();
      case GUILTY -> fail(context.quarantine().add(prepared, failover.lastOr(this::noTarget)));
    }
  }

  private Optional<TargetEndpoint> target() {
    return origin
        .home()
        .filter(home -> !tried.contains(home) && targets.takes(home, prepared.model()))
        .or(() -> targets.select(prepared.model(), prepared.prompt(), tried));
  }

  /** Whether it has said more than it began with. */
  private boolean hasSpoken() {
    return generated.size() > origin.tokens().size();
  }

  private void nobodyLeft() {
    boolean begun = hasSpoken() || origin.home().isPresent();
    switch (failover.nobodyLeft(begun, targets.isLeaving(), this::noTarget)) {
      case Failover.Step.GiveUp(ApiError error) -> fail(error);
      case Failover.Step.Wait(var duration) -> {
        tried.clear();
        targets.later(duration, this::afterWait);
      }
    }
  }

  private ApiError noTarget() {
    return UpstreamErrors.noTarget(targets);
  }

  private synchronized void afterWait() {
    if (!over && attempt == null) {
      guarded(this::next);
    }
  }

  private void open(TargetEndpoint endpoint) {
    if (lastFailure != null) {
      count(endpoint, lastFailure);
    }
    Attempt opened = new Attempt(endpoint);
    attempt = opened;
    latest = Optional.of(endpoint);
    opened.stream =
        endpoint.decode(
            () -> starts.message(generated, endpoint.model(), draft.problem()), deadline, opened);
    Proposal kept = newest;
    if (kept != null) {
      opened.stream.propose(kept);
    }
  }

  private void count(TargetEndpoint endpoint, FailureKind lost) {
    if (hasSpoken()) {
      context.metrics().resumed(lost);
      listener.resumed();
    } else {
      context.metrics().retried(lost);
    }
    log.info(
        "request {} goes on at target {} with {} tokens ({})",
        starts.requestId(),
        endpoint.name(),
        generated.size(),
        lost);
  }

  private void committed(Committed committed) {
    committed.getTokensList().forEach(token -> generated.add(token.getId()));
    tried.clear();
    failover.progress();
    context.suspects().clear(this);
    draft.committed(committed); // before the client, since the target can use drafts at once
    if (!listener.committed(committed)) {
      finish(Optional.empty());
    }
  }

  private void finish(Optional<DecodeFinished> summary) {
    end("a stop string ends the answer");
    listener.finished(summary, draft);
  }

  private void fail(ApiError error) {
    end("the answer has failed");
    listener.failed(new ApiException(error));
  }

  /** Frees everything upstream. */
  private void end(String reason) {
    over = true;
    context.suspects().clear(this);
    draft.close();
    leaveTarget(reason);
  }

  private void leaveTarget(String reason) {
    if (attempt != null && attempt.stream != null) {
      attempt.stream.cancel(reason);
    }
    attempt = null;
  }

  /** The target has let the answer down. */
  private void lost(Attempt by, StatusRuntimeException failure) {
    leaveTarget("the stream has failed");
    tried.add(by.endpoint);
    lastFailure = FailureKind.of(failure.getStatus());
    switch (failover.failed(by.endpoint, failure, by.begun)) {
      case Failover.Verdict.Elsewhere() -> next();
      case Failover.Verdict.Suspected() -> {
        context.suspects().add(this);
        next();
      }
      case Failover.Verdict.Guilty(ApiError last) -> fail(context.quarantine().add(prepared, last));
      case Failover.Verdict.Failed(ApiError error) -> fail(error);
    }
  }

  /** A target does what others could not. */
  private void worksAt(TargetEndpoint endpoint) {
    for (Accusation accusation : accusations) {
      if (accusation.target() != endpoint) {
        accusation.confirm();
      }
    }
    accusations.clear();
  }

  /** One target's part in the answer; what comes from a target that was left is not heard. */
  private final class Attempt implements TargetStream.Listener {
    private final TargetEndpoint endpoint;
    private volatile @Nullable TargetStream stream;
    private boolean begun;

    Attempt(TargetEndpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void received(DecodeResponse response) {
      heard(() -> received(response.getMessageCase(), response));
    }

    /** Upstream says something; it matters unless this target has been left. */
    private void heard(Runnable step) {
      synchronized (TargetSequence.this) {
        if (attempt == this) {
          guarded(step);
        }
      }
    }

    private void received(DecodeResponse.MessageCase kind, DecodeResponse response) {
      switch (kind) {
        case STARTED -> {
          begun = true;
          listener.started(response.getStarted());
        }
        case COMMITTED -> {
          if (follows(response.getCommitted())) {
            worksAt(endpoint);
            committed(response.getCommitted());
          }
        }
        case FINISHED -> {
          worksAt(endpoint);
          finish(Optional.of(response.getFinished()));
        }
        case MESSAGE_NOT_SET -> {} // A newer target's message that this gateway need not know.
      }
    }

    /** Tokens that repeat or skip others must not reach the client. */
    private boolean follows(Committed committed) {
      int expected = prepared.prompt().length + generated.size();
      if (committed.getBaseLength() == expected) {
        return true;
      }
      lost(
          this,
          Status.INTERNAL
              .withDescription(
                  "it sent tokens from position %d on instead of %d"
                      .formatted(committed.getBaseLength(), expected))
              .asRuntimeException());
      return false;
    }

    @Override
    public void failed(StatusRuntimeException failure, Optional<Accusation> accusation) {
      heard(
          () -> {
            accusation.ifPresent(accusations::add);
            lost(this, failure);
          });
    }

    @Override
    public void silent() {
      heard(this::goOnElsewhere);
    }

    /** If that is possible; if not, this target may still come back. */
    private void goOnElsewhere() {
      targets
          .select(prepared.model(), prepared.prompt(), Set.of(endpoint))
          .ifPresent(
              other -> {
                leaveTarget("the target does not answer");
                tried.add(endpoint);
                lastFailure = FailureKind.GONE;
                open(other);
              });
    }
  }
}
