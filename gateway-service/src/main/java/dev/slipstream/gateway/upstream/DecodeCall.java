package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DecodeRequest;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

/**
 * One stream to a target. Proposals are advice, so only the newest waits while the transport is
 * busy. Thread-safe; the listener is called by one thread at a time.
 */
final class DecodeCall implements ClientResponseObserver<DecodeRequest, DecodeResponse> {

  /** Hears what the target says; {@code failed} is the last call, if it comes. */
  interface Listener {
    void received(DecodeResponse response);

    /**
     * @param failure what the target said, or why it said nothing
     */
    void failed(StatusRuntimeException failure);
  }

  /**
   * Messages that may be on the way. If it were one, the sender would be told after every message
   * that it may send another, by a task on a thread of its own.
   */
  private static final int AHEAD = 64;

  private final Listener listener;

  @SuppressWarnings("NullAway.Init") // beforeStart
  private ClientCallStreamObserver<DecodeRequest> requests;

  private @Nullable Proposal waiting;
  private boolean started;
  private boolean over;
  private boolean finished;

  private DecodeCall(Listener listener) {
    this.listener = listener;
  }

  /** Opens a stream and starts the sequence. */
  static DecodeCall open(
      TargetServiceGrpc.TargetServiceStub stub, DecodeStart start, Listener listener) {
    DecodeCall call = new DecodeCall(listener);
    stub.decode(call);
    call.start(start);
    return call;
  }

  private synchronized void start(DecodeStart start) {
    requests.onNext(DecodeRequest.newBuilder().setStart(start).build());
    started = true;
    sendWaiting();
  }

  /**
   * Passes a proposal on, now or when the transport can take it, unless a newer one comes first.
   */
  synchronized void propose(Proposal proposal) {
    if (waiting == null || waiting.getEpoch() < proposal.getEpoch()) {
      waiting = proposal;
      sendWaiting();
    }
  }

  /** Ends the sequence at the target's next step. */
  synchronized void cancel(String reason) {
    over = true;
    requests.cancel(reason, null);
  }

  /** Whether this side has ended the sequence: what comes of that is no news. */
  private synchronized boolean isOver() {
    return over;
  }

  private synchronized void sendWaiting() {
    if (started && !over && waiting != null && requests.isReady()) {
      Proposal next = waiting;
      waiting = null;
      requests.onNext(DecodeRequest.newBuilder().setProposal(next).build());
    }
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<DecodeRequest> requestStream) {
    requests = requestStream;
    requests.setOnReadyHandler(this::sendWaiting);
    requests.disableAutoRequestWithInitial(AHEAD);
  }

  @Override
  public void onNext(DecodeResponse response) {
    requests.request(1);
    finished |= response.hasFinished();
    listener.received(response);
  }

  @Override
  public void onError(Throwable cause) {
    if (!finished && !isOver()) {
      Status status = Status.fromThrowable(cause);
      listener.failed(status.asRuntimeException(Status.trailersFromThrowable(cause)));
    }
  }

  @Override
  public void onCompleted() {
    if (!finished && !isOver()) {
      listener.failed(
          Status.INTERNAL
              .withDescription("the target closed the stream before the answer was finished")
              .asRuntimeException());
    }
  }
}
