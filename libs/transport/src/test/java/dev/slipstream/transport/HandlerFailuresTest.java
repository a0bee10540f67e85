package dev.slipstream.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCalls;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A client whose call never ends waits for ever, and one that is told the code's words hears
 * secrets.
 */
@Timeout(60)
class HandlerFailuresTest {
  private static final MethodDescriptor<byte[], byte[]> METHOD =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setFullMethodName("test.Service/Call")
          .setType(MethodDescriptor.MethodType.UNARY)
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final CompletableFuture<Void> left = new CompletableFuture<>();

  enum Where {
    START,
    MESSAGE,
    HALF_CLOSE,
    READY
  }

  @ParameterizedTest
  @EnumSource
  void whateverAHandlerThrowsEndsTheCall(Where where) throws Exception {
    assertThat(call(where, new StackOverflowError("secret")).getCode())
        .isEqualTo(Status.Code.INTERNAL);
    assertThat(call(where, new NoClassDefFoundError("secret")).getCode())
        .isEqualTo(Status.Code.INTERNAL);
    assertThat(call(where, new IllegalStateException("secret")).getCode())
        .isEqualTo(Status.Code.INTERNAL);
    Status exhausted = call(where, new OutOfMemoryError("secret"));
    assertThat(exhausted.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(exhausted.getDescription()).matches("Call failed .* under error [0-9a-f]{8}");
    for (String error : List.of("NoClassDefFoundError", "OutOfMemoryError")) {
      assertThat(registry.get("slipstream.vm.errors").tag("error", error).counter().count())
          .isEqualTo(1);
    }
    if (where != Where.START) {
      left.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void aFailureAfterTheEndDisturbsNobody() throws Exception {
    try (Running running = new Running(null, null)) {
      assertThat(running.call().getCode()).isEqualTo(Status.Code.CANCELLED);
    }
  }

  private Status call(Where where, Throwable thrown) throws Exception {
    try (Running running = new Running(where, thrown)) {
      return running.call();
    }
  }

  private final class Running implements AutoCloseable {
    private final Server server;
    private final ManagedChannel channel;

    Running(Where where, Throwable thrown) throws Exception {
      String name = InProcessServerBuilder.generateName();
      ServerServiceDefinition service =
          ServerServiceDefinition.builder("test.Service")
              .addMethod(METHOD, new Throwing(where, thrown))
              .build();
      server =
          InProcessServerBuilder.forName(name)
              .directExecutor()
              .addService(RefusedRequests.refused(service, new HandlerFailures(registry)))
              .build()
              .start();
      channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    Status call() {
      CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
      return catchThrowableOfType(
              StatusRuntimeException.class,
              () -> ClientCalls.blockingUnaryCall(channel, METHOD, options, new byte[] {1}))
          .getStatus();
    }

    @Override
    public void close() {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  private final class Throwing implements ServerCallHandler<byte[], byte[]> {
    private final Where where;
    private final Throwable thrown;

    Throwing(Where where, Throwable thrown) {
      this.where = where;
      this.thrown = thrown;
    }

    @SuppressWarnings("unchecked")
    private <E extends Throwable> void fail(Where now) throws E {
      if (now == where) {
        throw (E) thrown;
      }
    }

    @Override
    public ServerCall.Listener<byte[]> startCall(
        ServerCall<byte[], byte[]> call, Metadata headers) {
      this.<RuntimeException>fail(Where.START);
      call.request(2);
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(byte[] message) {
          Throwing.this.<RuntimeException>fail(Where.MESSAGE);
        }

        @Override
        public void onHalfClose() {
          Throwing.this.<RuntimeException>fail(Where.HALF_CLOSE);
          call.close(Status.CANCELLED, new Metadata());
        }

        @Override
        public void onReady() {
          Throwing.this.<RuntimeException>fail(Where.READY);
        }

        @Override
        public void onCancel() {
          left.complete(null);
          throw new StackOverflowError("as it is told to leave");
        }

        @Override
        public void onComplete() {
          throw new StackOverflowError("when all is over");
        }
      };
    }
  }

  private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      return new byte[] {1};
    }
  }
}
