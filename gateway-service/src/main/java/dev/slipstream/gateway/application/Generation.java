package dev.slipstream.gateway.application;

import dev.slipstream.gateway.text.AnswerText;
import dev.slipstream.gateway.upstream.DecodeCall;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Coordinates one answer: relays proposals from the draft service to the target and committed
 * tokens the other way, and makes text of them. If a target is lost, another one that serves the
 * same model goes on from the tokens there are.
 *
 * <p>Upstream calls back on its own threads; this object's monitor makes them one after another.
 */
final class Generation {

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
  private final Listener listener;
  private final AnswerText text;
  private final Tally tally;
  private final List<Integer> generated = new ArrayList<>();
  private final Set<TargetEndpoint> tried = new HashSet<>();
  private DraftLink draft;
  private TargetEndpoint target;
  private DecodeCall call;
  private Proposal newest;
  private boolean announced;
  private boolean over;

  Generation(
      PreparedRequest prepared, String requestId, long seed, Targets targets, Listener listener) {
    GenerateRequest request = prepared.request();
    this.prepared = prepared;
    this.requestId = requestId;
    this.seed = seed;
    this.targets = targets;
    this.listener = listener;
    this.text =
        new AnswerText(
            prepared.model().tokenizer(),
            prepared.prompt(),
            request.getStopList(),
            request.getIgnoreEos());
    this.tally = new Tally(prepared);
  }

  /**
   * @param link the answer's draft stream; its proposals go to {@link #propose}
   */
  synchronized void start(DraftLink link) {
    draft = link;
    if (over) {
      link.close();
    } else {
      next(Optional.empty());
    }
  }

  /** The client has left. */
  synchronized void cancel() {
    if (!over) {
      end("the client has cancelled");
    }
  }

  /** Passes a proposal on, or keeps it for the target's stream that is about to be opened. */
  void propose(Proposal proposal) {
    DecodeCall current;
    synchronized (this) {
      newest = proposal;
      current = call;
    }
    if (current != null) {
      current.propose(proposal);
    }
  }

  /** Goes (on) with the next target, or fails with what the last one said. */
  private void next(Optional<ApiError> lastFailure) {
    Optional<TargetEndpoint> selected = targets.select(prepared.model(), prepared.prompt(), tried);
    if (selected.isEmpty()) {
      fail(lastFailure.orElseGet(() -> UpstreamErrors.noTarget(targets)));
      return;
    }
    target = selected.get();
    tried.add(target);
    Attempt attempt = new Attempt(target);
    call = target.decode(startMessage(), attempt);
    if (newest != null) {
      call.propose(newest);
    }
  }

  private DecodeStart startMessage() {
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
    if (request.hasMaxTokens()) {
      start.setMaxTokens(request.getMaxTokens());
    }
    if (request.hasTopLogprobs()) {
      start.setTopLogprobs(request.getTopLogprobs());
    }
    if (draft.problem() != null) {
      start.setNoDraftReason(draft.problem());
    }
    return start.build();
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
    tally.committed(committed, used.size());
    listener.event(new GenerationEvent.Chunk(released.toString(), used));
    if (text.stopped()) {
      finish(FinishReason.FINISH_REASON_STOP, null);
    } else {
      draft.committed(committed);
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

  /** Frees everything upstream. Cancelling a stream that is over does nothing. */
  private void end(String reason) {
    over = true;
    if (draft != null) {
      draft.close();
    }
    if (call != null) {
      call.cancel(reason);
    }
    leaveTarget();
  }

  private void leaveTarget() {
    if (target != null) {
      target.release();
      target = null;
    }
  }

  /** One target's part in the answer; what comes from a target that was left is not heard. */
  private final class Attempt implements DecodeCall.Listener {
    private final TargetEndpoint endpoint;

    Attempt(TargetEndpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void received(DecodeResponse response) {
      synchronized (Generation.this) {
        if (over || target != endpoint) {
          return;
        }
        switch (response.getMessageCase()) {
          case STARTED -> {
            tally.started(response.getStarted());
            if (!announced) {
              announced = true;
              listener.event(new GenerationEvent.Started());
            }
          }
          case COMMITTED -> Generation.this.committed(response.getCommitted());
          case FINISHED -> finish(response.getFinished().getReason(), response.getFinished());
          case MESSAGE_NOT_SET -> {} // A newer target's message that this gateway need not know.
        }
      }
    }

    @Override
    public void failed(StatusRuntimeException failure) {
      synchronized (Generation.this) {
        if (over || target != endpoint) {
          return;
        }
        leaveTarget();
        if (UpstreamErrors.blamesTarget(failure)) {
          endpoint.suspect(failure.getStatus());
        }
        ApiError error = UpstreamErrors.of(failure);
        if (UpstreamErrors.anotherMayDo(failure)) {
          next(Optional.of(error));
        } else {
          fail(error);
        }
      }
    }
  }
}
