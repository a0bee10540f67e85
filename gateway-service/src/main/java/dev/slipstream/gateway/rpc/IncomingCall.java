package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.transport.RefusableCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Schedulers;

/** A call whose request may come as long as there is room for it and it goes on coming. */
final class IncomingCall<Q, R> extends RefusableCall<Q, R> {
  private final InboundBytes bytes = InboundBytes.current();
  private final RpcSettings settings;
  private final long start = System.nanoTime();
  private final Disposable.Swap watch = Disposables.swap();
  private long seen = -1;

  private IncomingCall(ServerCall<Q, R> call, RpcSettings settings) {
    super(call);
    this.settings = settings;
  }

  /** Starts it. */
  static <Q, R> ServerCall.Listener<Q> start(
      ServerCall<Q, R> call,
      Metadata headers,
      ServerCallHandler<Q, R> next,
      ByteBudget.Reservation reservation,
      RpcSettings settings) {
    IncomingCall<Q, R> incoming = new IncomingCall<>(call, settings);
    incoming.bytes.count(reservation, incoming::refuse);
    if (call.getMethodDescriptor().getType().clientSendsOneMessage()) {
      incoming.watch();
    }
    return incoming.new Listener(next.startCall(incoming, headers));
  }

  private void watch() {
    long pause = settings.requestPause().toMillis();
    watch.update(
        Schedulers.parallel()
            .schedulePeriodically(this::look, pause, pause, TimeUnit.MILLISECONDS));
  }

  private void look() {
    long size = bytes.size();
    Duration waited = Duration.ofNanos(System.nanoTime() - start);
    if (size == seen || waited.compareTo(settings.requestTimeout()) > 0) {
      refuse(new ApiException(new ApiError.TimedOut("The request did not come in time.")));
    }
    seen = size;
  }

  private void refuse(ApiException reason) {
    watch.dispose();
    StatusRuntimeException refusal = GrpcErrors.of(reason);
    Metadata trailers = refusal.getTrailers();
    refuse(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
  }

  private final class Listener extends SimpleForwardingServerCallListener<Q> {
    Listener(ServerCall.Listener<Q> service) {
      super(service);
    }

    @Override
    public void onMessage(Q message) {
      if (!isRefused()) {
        super.onMessage(message);
      }
    }

    @Override
    public void onHalfClose() {
      watch.dispose();
      if (!isRefused()) {
        super.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      if (!isRefused()) {
        super.onReady();
      }
    }

    @Override
    public void onCancel() {
      watch.dispose();
      super.onCancel();
    }

    @Override
    public void onComplete() {
      watch.dispose();
      super.onComplete();
    }
  }
}
