package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.access.ApiKeys;
import dev.slipstream.gateway.access.KeyUse;
import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.Caller;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessSocketAddress;
import java.util.Optional;
import org.springframework.grpc.server.GlobalServerInterceptor;
import org.springframework.stereotype.Component;

/**
 * Asks for an API key in the metadata {@code authorization}, if keys are configured, for every
 * service but health; and counts what is not only a look at the models. Calls from within this JVM
 * need none: whoever can make them can read the configuration.
 */
@Component
@GlobalServerInterceptor
class AccessInterceptor implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<Caller> CALLER =
      Context.keyWithDefault("slipstream-caller", Caller.ANYBODY);
  private static final String LIST_MODELS =
      GenerationServiceGrpc.getListModelsMethod().getFullMethodName();

  private final ApiKeys keys;

  AccessInterceptor(ApiKeys keys) {
    this.keys = keys;
  }

  /** On whose behalf the current call is made. */
  static Caller caller() {
    return CALLER.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    if (isOpen(call)) {
      return next.startCall(call, headers);
    }
    try {
      Optional<KeyUse> use = keys.authenticate(headers.get(AUTHORIZATION));
      if (use.isEmpty() || call.getMethodDescriptor().getFullMethodName().equals(LIST_MODELS)) {
        return next.startCall(call, headers);
      }
      return admitted(use.get().enter(), call, headers, next);
    } catch (ApiException e) {
      StatusRuntimeException refusal = GrpcErrors.of(e);
      Metadata trailers = refusal.getTrailers();
      call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
      return new ServerCall.Listener<>() {};
    }
  }

  private static <Q, R> ServerCall.Listener<Q> admitted(
      KeyUse.Admission admission,
      ServerCall<Q, R> call,
      Metadata headers,
      ServerCallHandler<Q, R> next) {
    Context context = Context.current().withValue(CALLER, admission);
    try {
      return new Closing<>(Contexts.interceptCall(context, call, headers, next), admission);
    } catch (RuntimeException e) {
      admission.close();
      throw e;
    }
  }

  private static boolean isOpen(ServerCall<?, ?> call) {
    return HealthGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())
        || call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)
            instanceof InProcessSocketAddress;
  }

  /** Of a call's two last events there is exactly one. */
  private static final class Closing<Q> extends SimpleForwardingServerCallListener<Q> {
    private final KeyUse.Admission admission;

    Closing(ServerCall.Listener<Q> call, KeyUse.Admission admission) {
      super(call);
      this.admission = admission;
    }

    @Override
    public void onCancel() {
      try {
        super.onCancel();
      } finally {
        admission.close();
      }
    }

    @Override
    public void onComplete() {
      try {
        super.onComplete();
      } finally {
        admission.close();
      }
    }
  }
}
