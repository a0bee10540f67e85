package dev.slipstream.transport;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/**
 * What services say to requests that they cannot take.
 *
 * <ul>
 *   <li>Bytes that are no message are INVALID_ARGUMENT. By itself gRPC takes them for a fault of
 *       the service: the client sees UNKNOWN, and the log an error with a stack trace for
 *       everything that anybody sends.
 *   <li>A handler that throws ends its call, as {@link HandlerFailures} says. By itself gRPC throws
 *       errors on, in the threads of its transport, or of the client within a process.
 * </ul>
 */
final class RefusedRequests {
  private RefusedRequests() {}

  /** The same service with these answers. */
  static ServerServiceDefinition refused(
      ServerServiceDefinition service, HandlerFailures failures) {
    var descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    var methods = service.getMethods().stream().map(method -> refused(method, failures)).toList();
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    var definition = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(definition::addMethod);
    return definition.build();
  }

  private static <Q, R> ServerMethodDefinition<Object, R> refused(
      ServerMethodDefinition<Q, R> method, HandlerFailures failures) {
    MethodDescriptor<Q, R> descriptor = method.getMethodDescriptor();
    return ServerMethodDefinition.create(
        descriptor.toBuilder(
                new Parser<>(descriptor.getRequestMarshaller(), descriptor.getFullMethodName()),
                descriptor.getResponseMarshaller())
            .build(),
        new Handler<>(descriptor, method.getServerCallHandler(), failures));
  }

  /** Stands for a request that cannot be parsed. */
  private record Malformed(Status status) {}

  private record Parser<Q>(Marshaller<Q> marshaller, String method) implements Marshaller<Object> {
    @Override
    public Object parse(InputStream stream) {
      try {
        return marshaller.parse(stream);
      } catch (StatusRuntimeException e) {
        return new Malformed(status(e));
      }
    }

    /** INTERNAL is how marshallers say it; other codes, such as for a size, are right already. */
    private Status status(StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.INTERNAL) {
        return e.getStatus();
      }
      String reason = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
      return Status.INVALID_ARGUMENT.withDescription(
          "the request to %s is not a valid protobuf message: %s".formatted(method, reason));
    }

    @Override
    @SuppressWarnings("unchecked")
    public InputStream stream(Object value) {
      return marshaller.stream((Q) value);
    }
  }

  private record Handler<Q, R>(
      MethodDescriptor<Q, R> method, ServerCallHandler<Q, R> handler, HandlerFailures failures)
      implements ServerCallHandler<Object, R> {
    @Override
    public ServerCall.Listener<Object> startCall(ServerCall<Object, R> call, Metadata headers) {
      @SuppressWarnings("unchecked") // Calls only send responses; requests come by the listener.
      Call<Q, R> refusable = new Call<>((ServerCall<Q, R>) (ServerCall<?, R>) call, method);
      ServerCall.Listener<Q> service = start(refusable, headers);
      @SuppressWarnings("unchecked") // Whatever is not Malformed was parsed by Q's marshaller.
      var requests = (ServerCall.Listener<Object>) service;
      return new Listener<>(requests, refusable, failures);
    }

    private ServerCall.Listener<Q> start(Call<Q, R> call, Metadata headers) {
      try {
        return handler.startCall(call, headers);
      } catch (RuntimeException | Error e) {
        call.silence();
        call.refuse(failures.status(method, e), new Metadata());
        return new ServerCall.Listener<>() {};
      }
    }
  }

  /** A call of this method, as its service knows it. */
  private static final class Call<Q, R> extends RefusableCall<Q, R> {
    private final MethodDescriptor<Q, R> method;

    Call(ServerCall<Q, R> call, MethodDescriptor<Q, R> method) {
      super(call);
      this.method = method;
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
      return method;
    }
  }

  /** After a refusal the service hears of a cancellation, and then nothing more. */
  private static final class Listener<R> extends SimpleForwardingServerCallListener<Object> {
    private final Call<?, R> call;
    private final HandlerFailures failures;

    Listener(ServerCall.Listener<Object> service, Call<?, R> call, HandlerFailures failures) {
      super(service);
      this.call = call;
      this.failures = failures;
    }

    private void refuse(Status status) {
      call.silence();
      last(super::onCancel);
      call.refuse(status, new Metadata());
    }

    private void guarded(Runnable step) {
      if (call.isRefused()) {
        return;
      }
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        refuse(failures.status(call.getMethodDescriptor(), e));
      }
    }

    /** After this the service hears nothing more, and there is nobody to tell of its failure. */
    private void last(Runnable step) {
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        failures.status(call.getMethodDescriptor(), e);
      }
    }

    @Override
    public void onMessage(Object message) {
      if (message instanceof Malformed(Status status)) {
        if (!call.isRefused()) {
          refuse(status);
        }
      } else {
        guarded(() -> super.onMessage(message));
      }
    }

    @Override
    public void onHalfClose() {
      guarded(super::onHalfClose);
    }

    @Override
    public void onReady() {
      guarded(super::onReady);
    }

    @Override
    public void onCancel() {
      if (!call.isRefused()) {
        last(super::onCancel);
      }
    }

    @Override
    public void onComplete() {
      if (!call.isRefused()) {
        last(super::onComplete);
      }
    }
  }
}
