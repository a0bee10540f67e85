package dev.slipstream.transport;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * A call that can be refused at any time. From then on it is cancelled, as its service sees it, and
 * the service is heard no more. Locked, as the service's responses come from other threads than
 * requests and refusals do.
 */
public class RefusableCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
  private boolean closed;
  private boolean refused;

  public RefusableCall(ServerCall<Q, R> call) {
    super(call);
  }

  /** From now on the service is not heard; {@link #refuse} is to follow. */
  final synchronized void silence() {
    refused = true;
  }

  /** Ends the call with this, unless its service has ended it. */
  protected final synchronized void refuse(Status status, Metadata trailers) {
    if (!closed) {
      refused = true;
      closed = true;
      super.close(status, trailers);
    }
  }

  protected final synchronized boolean isRefused() {
    return refused;
  }

  @Override
  public synchronized boolean isCancelled() {
    return refused || super.isCancelled();
  }

  @Override
  public synchronized void sendHeaders(Metadata headers) {
    if (!refused) {
      super.sendHeaders(headers);
    }
  }

  @Override
  public synchronized void sendMessage(R message) {
    if (!refused) {
      super.sendMessage(message);
    }
  }

  @Override
  public synchronized void close(Status status, Metadata trailers) {
    if (!refused) {
      closed = true;
      super.close(status, trailers);
    }
  }
}
