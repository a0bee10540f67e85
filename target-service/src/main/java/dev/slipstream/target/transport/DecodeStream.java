package dev.slipstream.target.transport;

import dev.slipstream.proto.v1.DecodeRequest;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.target.application.CommittedTokens;
import dev.slipstream.target.application.DecodeFailure;
import dev.slipstream.target.application.DecodeHandle;
import dev.slipstream.target.application.DecodeListener;
import dev.slipstream.target.application.Outcome;
import dev.slipstream.wire.MalformedMessageException;
import dev.slipstream.wire.ProposalCodec;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of Decode. Requests come in on gRPC's threads, one at a time; responses are written by
 * the decode loop. gRPC queues what a slow client does not read, which is at most the answer: the
 * loop waits for nobody.
 */
final class DecodeStream implements StreamObserver<DecodeRequest> {
  private static final Logger log = LoggerFactory.getLogger(DecodeStream.class);

  private final ServedTarget target;
  private final ServerCallStreamObserver<DecodeResponse> responses;
  private @Nullable DecodeHandle handle;
  private boolean refused;

  /** Written by cancellation, which may come at any time and from any thread. */
  private boolean cancelled;

  DecodeStream(ServedTarget target, ServerCallStreamObserver<DecodeResponse> responses) {
    this.target = target;
    this.responses = responses;
    responses.setOnCancelHandler(this::cancel);
  }

  @Override
  public void onNext(DecodeRequest request) {
    if (refused) {
      return;
    }
    try {
      switch (request.getMessageCase()) {
        case START -> start(request.getStart());
        case PROPOSAL -> propose(request.getProposal());
        case MESSAGE_NOT_SET -> throw InvalidRequestException.invalid("message is not set");
      }
    } catch (InvalidRequestException e) {
      refuse(e.status());
    } catch (MalformedMessageException e) {
      refuse(Status.INVALID_ARGUMENT.withDescription(e.getMessage()));
    }
  }

  @Override
  public void onError(Throwable cause) {
    cancel();
  }

  /** No more proposals; the answer goes on. */
  @Override
  public void onCompleted() {
    if (handle == null && !refused) {
      refuse(Status.INVALID_ARGUMENT.withDescription("the stream ended without a start message"));
    }
  }

  private void start(DecodeStart start) {
    if (handle != null) {
      throw InvalidRequestException.invalid("start was sent twice");
    }
    var task = DecodeRequests.task(start, target.model());
    synchronized (this) {
      handle = target.drafters().submit(task, new Responder());
      if (cancelled) {
        handle.cancel();
      }
    }
  }

  /** A bad proposal is bad advice: it must not cost the client the answer. */
  private void propose(Proposal proposal) {
    if (handle == null) {
      throw InvalidRequestException.invalid("proposal came before start");
    }
    try {
      handle.propose(ProposalCodec.decode(proposal, target.model().tokens().size()));
    } catch (MalformedMessageException e) {
      target.metrics().proposalDropped();
      log.debug(
          "dropped malformed proposal {} of drafter '{}': {}",
          proposal.getEpoch(),
          proposal.getDrafter(),
          e.getMessage());
    }
  }

  private synchronized void cancel() {
    cancelled = true;
    if (handle != null) {
      handle.cancel();
    }
  }

  private void refuse(Status status) {
    refused = true;
    if (handle == null) {
      responses.onError(status.asRuntimeException());
    } else {
      handle.fail(new DecodeFailure.BadMessage(status.getDescription()));
    }
  }

  /** Called by the decode loop. */
  private final class Responder implements DecodeListener {
    @Override
    public void started(int cachedTokens, int remoteCachedTokens) {
      send(DecodeResponses.started(cachedTokens, remoteCachedTokens));
    }

    @Override
    public void committed(CommittedTokens tokens) {
      send(DecodeResponses.committed(tokens));
    }

    @Override
    public void finished(Outcome outcome) {
      send(DecodeResponses.finished(outcome));
      responses.onCompleted();
    }

    @Override
    public void failed(DecodeFailure failure) {
      responses.onError(DecodeResponses.error(failure));
    }

    private void send(DecodeResponse response) {
      if (!responses.isCancelled()) {
        responses.onNext(response);
      }
    }
  }
}
