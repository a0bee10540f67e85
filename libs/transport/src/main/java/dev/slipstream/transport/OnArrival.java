package dev.slipstream.transport;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Within a process, lets the thread that sends the messages of a method handle them too, where a
 * change of threads would cost more than what there is to do. Such a handler must neither wait nor
 * compute. It runs under its client's locks: the client must hear of responses on a thread of its
 * own, or the two sides wait for each other.
 */
public final class OnArrival implements ServerCallExecutorSupplier {
  private final MethodDescriptor<?, ?> method;

  public OnArrival(MethodDescriptor<?, ?> method) {
    this.method = method;
  }

  @Override
  public <Q, A> @Nullable Executor getExecutor(ServerCall<Q, A> call, Metadata metadata) {
    var client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    boolean onArrival =
        !(client instanceof InetSocketAddress)
            && call.getMethodDescriptor().getFullMethodName().equals(method.getFullMethodName());
    return onArrival ? Runnable::run : null; // null stands for the server's own executor
  }
}
