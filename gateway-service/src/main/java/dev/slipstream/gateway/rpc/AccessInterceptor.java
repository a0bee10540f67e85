package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.access.ApiKeys;
import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.access.HostRule;
import dev.slipstream.gateway.access.KeyUse;
import dev.slipstream.gateway.access.Owner;
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
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Qualifier;
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

  /** Of a question for health; nobody is asked for a key, and no user's bytes stand in its way. */
  private static final int HEALTH_BYTES = 4 << 10;

  private final ApiKeys keys;
  private final HostRule hosts;
  private final ByteBudget budget;
  private final RpcSettings settings;

  AccessInterceptor(
      ApiKeys keys,
      @Qualifier("grpcHosts") HostRule hosts,
      ByteBudget budget,
      RpcSettings settings) {
    this.keys = keys;
    this.hosts = hosts;
    this.budget = budget;
    this.settings = settings;
  }

  /** On whose behalf the current call is made. */
  static Caller caller() {
    return CALLER.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    SocketAddress client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    if (client instanceof InProcessSocketAddress) {
      return next.startCall(call, headers);
    }
    String host = call.getAuthority();
    if (host != null && !hosts.allows(host)) {
      return refused(
          call, Status.PERMISSION_DENIED.withDescription(hosts.refusal(host)), new Metadata());
    }
    if (HealthGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())) {
      ByteBudget own = new ByteBudget(2 * HEALTH_BYTES);
      return IncomingCall.start(call, headers, next, own.open(Owner.of(client)), settings);
    }
    try {
      Optional<KeyUse> use = keys.authenticate(headers.get(AUTHORIZATION));
      Owner owner = use.map(Owner::of).orElseGet(() -> Owner.of(client));
      ServerCallHandler<Q, R> counted =
          (incoming, metadata) ->
              IncomingCall.start(incoming, metadata, next, budget.open(owner), settings);
      if (use.isEmpty() || call.getMethodDescriptor().getFullMethodName().equals(LIST_MODELS)) {
        return counted.startCall(call, headers);
      }
      return admitted(use.get().enter(), call, headers, counted);
    } catch (ApiException e) {
      StatusRuntimeException refusal = GrpcErrors.of(e);
      Metadata trailers = refusal.getTrailers();
      return refused(call, refusal.getStatus(), trailers == null ? new Metadata() : trailers);
    }
  }

  private static <Q> ServerCall.Listener<Q> refused(
      ServerCall<Q, ?> call, Status status, Metadata trailers) {
    call.close(status, trailers);
    return new ServerCall.Listener<>() {};
  }

  private static <Q, R> ServerCall.Listener<Q> admitted(
      KeyUse.Admission admission,
      ServerCall<Q, R> call,
      Metadata headers,
      ServerCallHandler<Q, R> next) {
    Context context = Context.current().withValue(CALLER, admission);
    try {
      return new Closing<>(Contexts.interceptCall(context, call, headers, next), admission);
    } catch (RuntimeException | Error e) {
      admission.close();
      throw e;
    }
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
