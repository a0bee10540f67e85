package dev.slipstream.draft.transport;

import dev.slipstream.draft.application.DraftRefusedException;
import dev.slipstream.draft.application.DraftStream;
import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.drafting.ProposalSink;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.proto.v1.DraftCommitted;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.wire.MalformedMessageException;
import dev.slipstream.wire.ProposalCodec;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Draft call. Requests come in on gRPC's threads, one at a time; proposals go out from the
 * drafters' threads. Responses are guarded by their observer's monitor, as it is not safe for two
 * threads.
 */
final class DraftRequestObserver implements StreamObserver<DraftRequest>, ProposalSink {
  private static final Logger log = LoggerFactory.getLogger(DraftRequestObserver.class);

  private final DraftStreams streams;
  private final ServerCallStreamObserver<DraftResponse> responses;
  private volatile @Nullable DraftStream stream;
  private boolean over;

  DraftRequestObserver(DraftStreams streams, ServerCallStreamObserver<DraftResponse> responses) {
    this.streams = streams;
    this.responses = responses;
    responses.setOnCancelHandler(this::leave);
    responses.setOnReadyHandler(this::ready);
  }

  @Override
  public void onNext(DraftRequest request) {
    if (isOver()) {
      return;
    }
    try {
      switch (request.getMessageCase()) {
        case OPEN -> open(request.getOpen());
        case COMMITTED -> committed(request.getCommitted());
        case MESSAGE_NOT_SET ->
            end(DraftMessages.invalid("a request with neither open nor committed"));
      }
    } catch (DraftRefusedException e) {
      log.info("draft stream refused: {}", e.getMessage());
      end(DraftMessages.status(e));
    } catch (MalformedMessageException e) {
      end(DraftMessages.invalid(e.getMessage()));
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void open(DraftOpen open) {
    if (stream != null) {
      end(DraftMessages.invalid("the stream is open already; a text needs a stream of its own"));
    } else {
      stream = streams.open(DraftMessages.opening(open), this);
    }
  }

  private void committed(DraftCommitted committed) {
    if (stream == null) {
      end(DraftMessages.invalid("the first message of a stream must be open"));
    } else {
      stream.commit(
          committed.getBaseLength(),
          DraftMessages.progress(committed, streams.vocabulary().size()),
          committed.getWantedDraftTokens());
    }
  }

  @Override
  public void onError(Throwable cause) {
    leave();
  }

  @Override
  public void onCompleted() {
    leave();
    synchronized (responses) {
      if (!over) {
        over = true;
        responses.onCompleted();
      }
    }
  }

  private void ready() {
    if (stream != null) {
      stream.ready();
    }
  }

  private void leave() {
    if (stream != null) {
      stream.close();
    }
  }

  @Override
  public boolean isReady() {
    return responses.isReady();
  }

  @Override
  public void propose(Proposed proposal) {
    DraftResponse response =
        DraftResponse.newBuilder().setProposal(ProposalCodec.encode(proposal)).build();
    synchronized (responses) {
      if (!over && !responses.isCancelled()) {
        responses.onNext(response);
      }
    }
  }

  @Override
  public void fail(Throwable cause) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    log.error("a draft stream failed (error {})", id, cause);
    end(
        Status.INTERNAL
            .withDescription(
                "drafting failed; the draft service's log tells more under error " + id)
            .asRuntimeException());
  }

  private void end(StatusRuntimeException status) {
    leave();
    synchronized (responses) {
      if (!over) {
        over = true;
        responses.onError(status);
      }
    }
  }

  private boolean isOver() {
    synchronized (responses) {
      return over;
    }
  }
}
