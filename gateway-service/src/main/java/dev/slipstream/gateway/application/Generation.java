package dev.slipstream.gateway.application;

import dev.slipstream.gateway.text.AnswerText;
import dev.slipstream.gateway.upstream.FailureKind;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.TargetStream;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
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
import java.util.stream.IntStream;
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
  private final long seed;
  private final Targets targets;
  private final GatewayMetrics metrics;
  private final Listener listener;
  private final Deadline deadline;
  private final AnswerText text;
  private final Tally tally;
  private final Failover failover;
  private final List<Integer> generated = new ArrayList<>();

  /** Targets that have failed since there was a token. */
  private final Set<TargetEndpoint> tried = new HashSet<>();

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
      GatewayMetrics metrics,
      GenerationSettings settings,
      Deadline deadline,
      Listener listener) {
    GenerateRequest request = prepared.request();
    this.prepared = prepared;
    this.requestId = requestId;
    this.seed = seed;
    this.targets = targets;
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
      next();
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
    Optional<TargetEndpoint> selected = targets.select(prepared.model(), prepared.prompt(), tried);
    if (selected.isPresent()) {
      open(selected.get());
      return;
    }
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
      next();
    }
  }

  private void open(TargetEndpoint endpoint) {
    if (lastFailure != null) {
      count(endpoint);
    }
    Attempt opened = new Attempt(endpoint);
    attempt = opened;
    try {
      opened.stream = endpoint.decode(startMessage(endpoint), deadline, opened);
    } catch (RuntimeException e) {
      log.error("request {}: no stream to target {}", requestId, endpoint.name(), e);
      fail(new ApiError.Internal("The gateway failed to ask the target."));
      return;
    }
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

  private DecodeStart startMessage(TargetEndpoint endpoint) {
    GenerateRequest request = prepared.request();
    DecodeStart.Builder start =
        DecodeStart.newBuilder()
            .setRequestId(requestId)
            .setTenant(prepared.caller().tenant())
            .addAllPrompt(IntStream.of(prepared.prompt()).boxed().toList())
            .addAllPrompt(generated)
            .setResumedTokens(generated.size())
            .setSampling(request.getSampling().toBuilder().setSeed(seed))
            .setIgnoreEos(request.getIgnoreEos())
            .setSpeculation(request.getSpeculation())
            .setTokenizerDigest(prepared.model().card().getTokenizerDigest());
    maxTokens(endpoint).ifPresent(start::setMaxTokens);
    if (request.hasTopLogprobs()) {
      start.setTopLogprobs(request.getTopLogprobs());
    }
    if (draft.problem() != null) {
      start.setNoDraftReason(draft.problem());
    }
    return start.build();
  }

  /** A target with a larger context must end where the one that the client was told of would. */
  private Optional<Integer> maxTokens(TargetEndpoint endpoint) {
    if (prepared.request().hasMaxTokens()) {
      return Optional.of(prepared.request().getMaxTokens());
    }
    int context = prepared.model().contextLength();
    boolean larger = endpoint.model().filter(m -> m.contextLength() > context).isPresent();
    return larger ? Optional.of(context - prepared.prompt().length) : Optional.empty();
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
    failover.failed(failure, by.begun).ifPresentOrElse(this::fail, this::next);
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
      synchronized (Generation.this) {
        if (attempt != this) {
          return;
        }
        switch (response.getMessageCase()) {
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
              committed(response.getCommitted());
            }
          }
          case FINISHED -> finish(response.getFinished().getReason(), response.getFinished());
          case MESSAGE_NOT_SET -> {} // A newer target's message that this gateway need not know.
        }
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
    public void failed(StatusRuntimeException failure) {
      synchronized (Generation.this) {
        if (attempt == this) {
          lost(this, failure);
        }
      }
    }

    /** Goes on elsewhere if that is possible; if not, this target may still come back. */
    @Override
    public void silent() {
      synchronized (Generation.this) {
        if (attempt != this) {
          return;
        }
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
}
