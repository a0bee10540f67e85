package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * One stream to a target. It takes a place at its endpoint, which is given back once, however the
 * stream ends, and it tells the endpoint how it went. Thread-safe.
 */
public final class TargetStream {

  /** Hears what the target says; {@code failed} is the last call, if it comes. */
  public interface Listener {
    void received(DecodeResponse response);

    /**
     * @param failure what the target said, or why it said nothing
     * @param accusation what may be held against the target; empty if its breaker need not know
     */
    void failed(StatusRuntimeException failure, Optional<Accusation> accusation);

    /**
     * The target has not answered the gateway's own questions for a while. The stream is open, and
     * may go on; this may come again.
     */
    void silent();
  }

  private final TargetEndpoint endpoint;
  private final Listener listener;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicBoolean worked = new AtomicBoolean();
  private final DecodeCall call;

  /**
   * Opens a stream and starts the sequence.
   *
   * <p>If it cannot be opened, for whatever reason, it has no place either.
   */
  TargetStream(
      TargetEndpoint endpoint,
      TargetServiceGrpc.TargetServiceStub stub,
      Supplier<DecodeStart> start,
      Listener listener) {
    this.endpoint = endpoint;
    this.listener = listener;
    endpoint.entered(this);
    try {
      this.call = DecodeCall.open(stub, start.get(), new Relay());
    } catch (RuntimeException | Error e) {
      leave();
      throw e;
    }
  }

  /** Passes a proposal on, unless a newer one comes before the transport can take it. */
  public void propose(Proposal proposal) {
    call.propose(proposal);
  }

  /** Ends the sequence at the target's next step. Ending a stream that is over does nothing. */
  public void cancel(String reason) {
    call.cancel(reason);
    leave();
  }

  void silent() {
    listener.silent();
  }

  private void leave() {
    if (over.compareAndSet(false, true)) {
      endpoint.left(this);
      if (worked.compareAndSet(false, true)) {
        endpoint.unproven();
      }
    }
  }

  private final class Relay implements DecodeCall.Listener {
    @Override
    public void received(DecodeResponse response) {
      boolean result = response.hasCommitted() || response.hasFinished();
      if (result && worked.compareAndSet(false, true)) {
        endpoint.worked();
      }
      listener.received(response);
    }

    @Override
    public void failed(StatusRuntimeException failure) {
      FailureKind kind = FailureKind.of(failure.getStatus());
      Optional<Accusation> accusation =
          kind == FailureKind.GONE || kind == FailureKind.FAULT
              ? endpoint.failed(failure)
              : Optional.empty();
      leave();
      listener.failed(failure, accusation);
    }
  }
}
