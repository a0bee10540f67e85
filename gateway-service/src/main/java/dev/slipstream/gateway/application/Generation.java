package dev.slipstream.gateway.application;

import dev.slipstream.gateway.text.AnswerText;
import dev.slipstream.gateway.upstream.Accusation;
import dev.slipstream.gateway.upstream.FailureKind;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.TargetStream;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Coordinates one answer: relays proposals from the draft service to the target and committed
 * tokens the other way, and makes text of them. If a target is lost, another one that serves the
 * same model goes on from the tokens there are: the prompt's length, the seed and the number of
 * tokens generated are all that the choice of a token depends on besides the text, so the rest of
 * the answer is what the lost target would have said.
 *
 * <p>Upstream calls back on its own threads; this object's monitor makes them one after another.
 */
final class Generation {
  private static final Logger log = LoggerFactory.getLogger(Generation.class);

  /** Hears events in order; then, once, {@code finished} or {@code failed}, unless cancelled. */
  interface Listener {
    void event(GenerationEvent event);

    void failed(ApiException failure);

    void completed();
  }

  private final PreparedRequest prepared;
  private final String requestId;
  private final DecodeStarts starts;
  private final Targets targets;
  private final Suspects suspects;
  private final Quarantine quarantine;
  private final Defects defects;
  private final GatewayMetrics metrics;
  private final Listener listener;
  private final Deadline deadline;
  private final AnswerText text;
  private final Tally tally;
  private final Failover failover;
  private final List<Integer> generated = new ArrayList<>();

  /** Targets that have failed since there was a token. */
  private final Set<TargetEndpoint> tried = new HashSet<>();

  /** What is held against them if another one does what they could not. */
  private final List<Accusation> accusations = new ArrayList<>();

  private DraftLink draft;
  private volatile Attempt attempt;
  private FailureKind lastFailure;
  private volatile Proposal newest;
  private boolean announced;
  private boolean over;

  /**
   * @param seed of this answer
   */
  Generation(
      PreparedRequest prepared,
      String requestId,
      long seed,
      Targets targets,
      Suspects suspects,
      Quarantine quarantine,
      Defects defects,
      GatewayMetrics metrics,
      GenerationSettings settings,
      Deadline deadline,
      Listener listener) {
    GenerateRequest request = prepared.request();
    this.prepared = prepared;
    this.requestId = requestId;
    this.starts = new DecodeStarts(prepared, requestId, seed);
    this.targets = targets;
    this.suspects = suspects;
    this.quarantine = quarantine;
    this.defects = defects;
    this.metrics = metrics;
    this.listener = listener;
    this.deadline = deadline;
    this.text =
        new AnswerText(
            prepared.model().tokenizer(),
            prepared.prompt(),
            request.getStopList(),
            request.getIgnoreEos());
    this.tally = new Tally(prepared);
    this.failover = new Failover(settings.patience(), System::nanoTime);
  }

  /**
   * @param link the answer's draft stream; its proposals go to {@link #propose}
   */
  synchronized void start(DraftLink link) {
    draft = link;
    if (over) {
      link.close();
    } else {
      guarded(this::next);
    }
  }

  /** What goes wrong in here is no target's fault, and the client must hear of it. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      fail(defects.failure("request " + requestId, e).error());
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
    switch (suspects.turn(this)) {
      case GO ->
          targets
              .select(prepared.model(), prepared.prompt(), tried)
              .ifPresentOrElse(this::open, this::nobodyLeft);
      case WAIT -> nobodyLeft();
      case GUILTY -> fail(quarantine.add(prepared, failover.last()));
    }
  }

  private void nobodyLeft() {
    switch (failover.nobodyLeft(
        !generated.isEmpty(), targets.isLeaving(), () -> UpstreamErrors.noTarget(targets))) {
      case Failover.Step.GiveUp(ApiError error) -> fail(error);
      case Failover.Step.Wait(var duration) -> {
        tried.clear();
        targets.later(duration, this::afterWait);
      }
    }
  }

  private synchronized void afterWait() {
    if (!over && attempt == null) {
      guarded(this::next);
    }
  }

  private void open(TargetEndpoint endpoint) {
    if (lastFailure != null) {
      count(endpoint);
    }
    Attempt opened = new Attempt(endpoint);
    attempt = opened;
    opened.stream =
        endpoint.decode(
            () -> starts.message(generated, endpoint.model(), draft.problem()), deadline, opened);
    Proposal kept = newest;
    if (kept != null) {
      opened.stream.propose(kept);
    }
  }

  private void count(TargetEndpoint endpoint) {
    if (generated.isEmpty()) {
      metrics.retried(lastFailure);
    } else {
      metrics.resumed(lastFailure);
      tally.resumed();
    }
    log.info(
        "request {} goes on at target {} with {} tokens ({})",
        requestId,
        endpoint.name(),
        generated.size(),
        lastFailure);
  }

  private void committed(Committed committed) {
    List<CommittedToken> used = new ArrayList<>();
    StringBuilder released = new StringBuilder();
    for (CommittedToken token : committed.getTokensList()) {
      if (text.stopped()) {
        break;
      }
      used.add(token);
      generated.add(token.getId());
      released.append(text.append(token.getId()));
    }
    tried.clear();
    failover.progress();
    suspects.clear(this);
    tally.committed(committed, used.size());
    if (!text.stopped()) {
      draft.committed(committed); // before the client, since the target can use drafts at once
    }
    listener.event(new GenerationEvent.Chunk(released.toString(), used));
    if (text.stopped()) {
      finish(FinishReason.FINISH_REASON_STOP, null);
    }
  }

  /**
   * @param summary null if the target does not know that the answer is over
   */
  private void finish(FinishReason reason, DecodeFinished summary) {
    String rest = text.finish();
    if (!rest.isEmpty()) {
      listener.event(new GenerationEvent.Chunk(rest, List.of()));
    }
    FinishReason actual = text.stopped() ? FinishReason.FINISH_REASON_STOP : reason;
    GenerationEvent.Finished finished =
        tally.finish(actual, summary, draft.exactDraws(), draft.problem());
    end("a stop string ends the answer");
    listener.event(finished);
    listener.completed();
  }

  private void fail(ApiError error) {
    end("the answer has failed");
    listener.failed(new ApiException(error));
  }

  /** Frees everything upstream. */
  private void end(String reason) {
    over = true;
    suspects.clear(this);
    if (draft != null) {
      draft.close();
    }
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
        suspects.add(this);
        next();
      }
      case Failover.Verdict.Guilty(ApiError last) -> fail(quarantine.add(prepared, last));
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
    private volatile TargetStream stream;
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
      synchronized (Generation.this) {
        if (attempt == this) {
          guarded(step);
        }
      }
    }

    private void received(DecodeResponse.MessageCase kind, DecodeResponse response) {
      switch (kind) {
        case STARTED -> {
          begun = true;
          tally.started(response.getStarted());
          if (!announced) {
            announced = true;
            listener.event(new GenerationEvent.Started());
          }
        }
        case COMMITTED -> {
          if (follows(response.getCommitted())) {
            worksAt(endpoint);
            committed(response.getCommitted());
          }
        }
        case FINISHED -> {
          worksAt(endpoint);
          finish(response.getFinished().getReason(), response.getFinished());
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
