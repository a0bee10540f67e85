package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DraftCommitted;
import dev.slipstream.proto.v1.DraftFeedback;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

/**
 * One stream to a draft service. Committed tokens are put together while the transport is busy, so
 * a slow draft service costs memory for token ids at most. Thread-safe.
 */
public final class DraftCall implements ClientResponseObserver<DraftRequest, DraftResponse> {

  /** Hears proposals; {@code ended} is the last call. */
  public interface Listener {
    void proposed(Proposal proposal);

    /**
     * @param status OK if the draft service closed the stream by itself
     */
    void ended(Status status);
  }

  /**
   * Messages that may be on the way. If it were one, the sender would be told after every message
   * that it may send another, by a task on a thread of its own.
   */
  private static final int AHEAD = 64;

  private final Listener listener;

  @SuppressWarnings("NullAway.Init") // beforeStart
  private ClientCallStreamObserver<DraftRequest> requests;

  private DraftCommitted.@Nullable Builder waiting;
  private boolean over;

  private DraftCall(Listener listener) {
    this.listener = listener;
  }

  public static DraftCall open(
      DraftServiceGrpc.DraftServiceStub stub, DraftOpen open, Listener listener) {
    DraftCall call = new DraftCall(listener);
    stub.draft(call);
    call.requests.onNext(DraftRequest.newBuilder().setOpen(open).build());
    return call;
  }

  /**
   * Tells what the target committed.
   *
   * @param baseLength tokens before these, prompt included; no gaps from one call to the next
   * @param wantedDraftTokens 0 tells the drafter to rest
   * @param feedback what the target says about drafts, for the drafter alone
   */
  public synchronized void committed(
      int baseLength,
      Iterable<Integer> tokens,
      int wantedDraftTokens,
      Iterable<DraftFeedback> feedback) {
    if (over) {
      return;
    }
    if (waiting == null) {
      waiting = DraftCommitted.newBuilder().setBaseLength(baseLength);
    }
    waiting.addAllTokens(tokens).setWantedDraftTokens(wantedDraftTokens).addAllFeedback(feedback);
    sendWaiting();
  }

  /** Ends the stream; the listener hears nothing more of interest. */
  public synchronized void cancel(String reason) {
    if (!over) {
      over = true;
      requests.cancel(reason, null);
    }
  }

  private synchronized void sendWaiting() {
    if (!over && waiting != null && requests.isReady()) {
      DraftCommitted.Builder next = waiting;
      waiting = null;
      requests.onNext(DraftRequest.newBuilder().setCommitted(next).build());
    }
  }

  private synchronized boolean end() {
    boolean first = !over;
    over = true;
    return first;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<DraftRequest> requestStream) {
    requests = requestStream;
    requests.setOnReadyHandler(this::sendWaiting);
    requests.disableAutoRequestWithInitial(AHEAD);
  }

  @Override
  public void onNext(DraftResponse response) {
    requests.request(1);
    listener.proposed(response.getProposal());
  }

  @Override
  public void onError(Throwable cause) {
    if (end()) {
      listener.ended(Status.fromThrowable(cause));
    }
  }

  @Override
  public void onCompleted() {
    if (end()) {
      listener.ended(Status.OK);
      requests.cancel("the draft service has closed the stream", null);
    }
  }
}
