package dev.slipstream.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.ListDraftersRequest;
import dev.slipstream.text.tokenizer.Tokenizer;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The service inside another JVM, without any port, and with a vocabulary of its own. */
@Tag("suite")
class EmbeddedDraftServiceTest {
  private static final GgufWriter VOCABULARY =
      new GgufWriter()
          .string("general.architecture", "llama")
          .string("tokenizer.ggml.model", "gpt2")
          .string("tokenizer.ggml.pre", "gpt-2")
          .strings("tokenizer.ggml.tokens", "a", "b", "ab")
          .integers("tokenizer.ggml.token_type", 1, 1, 1)
          .strings("tokenizer.ggml.merges", "a b");

  /** Bytes as they are, so that they need not be a message. */
  private static final MethodDescriptor<byte[], DraftResponse> RAW =
      DraftServiceGrpc.getDraftMethod().toBuilder(
              new Bytes(), DraftServiceGrpc.getDraftMethod().getResponseMarshaller())
          .build();

  private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      throw new UnsupportedOperationException("only sent");
    }
  }

  private final String name = "draft-" + UUID.randomUUID();
  private final ManagedChannel channel = InProcessChannelBuilder.forName(name).build();

  @TempDir private Path folder;
  private ConfigurableApplicationContext context;

  @AfterEach
  void stop() {
    channel.shutdownNow();
    if (context != null) {
      context.close();
    }
  }

  private void start(String model) {
    context =
        new SpringApplicationBuilder(DraftApplication.class)
            .web(WebApplicationType.NONE)
            // Boot has no property for "in process only"; its Netty server gives way to a bean so
            // named.
            .initializers(
                c -> c.getBeanFactory().registerSingleton("nettyGrpcServerLifecycle", new Object()))
            .run(
                "--spring.grpc.server.inprocess.name=" + name, "--slipstream.draft.model=" + model);
  }

  private String vocabulary() throws IOException {
    return "file:" + Files.write(folder.resolve("vocabulary.gguf"), VOCABULARY.bytes());
  }

  @Test
  void targetsWithTheSameTokenizerAreServed() throws Exception {
    start(vocabulary());
    String digest = Tokenizer.of(VOCABULARY.parse().metadata()).digest();

    assertThat(draft(digest).get().getProposal().getNodes(0).getToken()).isEqualTo(2);
    assertThat(
            DraftServiceGrpc.newBlockingStub(channel)
                .listDrafters(ListDraftersRequest.getDefaultInstance())
                .getTokenizerDigest())
        .isEqualTo(digest);
  }

  @Test
  void aTargetWithAnotherTokenizerIsRefusedWithBothDigests() throws Exception {
    start(vocabulary());
    String digest = Tokenizer.of(VOCABULARY.parse().metadata()).digest();

    assertThatThrownBy(() -> draft("0123abcd").get())
        .isInstanceOf(ExecutionException.class)
        .satisfies(
            e -> {
              Status status = Status.fromThrowable(e.getCause());
              assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
              assertThat(status.getDescription()).contains(digest, "0123abcd");
            });
  }

  @Test
  void aModelThatIsNotThereStopsTheStartWithItsName() {
    assertThatThrownBy(() -> start("file:" + folder.resolve("missing.gguf")))
        .hasStackTraceContaining("missing.gguf");
  }

  /**
   * Or every stray byte on the network would look like a fault of the service, and keep a stream.
   */
  @Test
  void bytesThatAreNoMessageEndTheStreamAsTheClientsError() {
    start("");
    CompletableFuture<Status> status = new CompletableFuture<>();
    ClientCall<byte[], DraftResponse> call = channel.newCall(RAW, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(DraftResponse response) {
            call.sendMessage(new byte[] {(byte) 0xff, 1, 2});
          }

          @Override
          public void onClose(Status closed, Metadata trailers) {
            status.complete(closed);
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage(
        DraftRequest.newBuilder()
            .setOpen(DraftOpen.newBuilder().setMaxTokens(4).addAllPrompt(List.of(1, 2, 3, 1, 2)))
            .build()
            .toByteArray());

    assertThat(status.orTimeout(30, TimeUnit.SECONDS).join())
        .satisfies(
            s -> {
              assertThat(s.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(s.getDescription())
                  .contains("slipstream.v1.DraftService/Draft", "not a valid protobuf message");
            });
    assertThat(context.getBean(MeterRegistry.class).get("slipstream.draft.streams").gauge().value())
        .as("streams left")
        .isZero();
  }

  private CompletableFuture<DraftResponse> draft(String digest) {
    CompletableFuture<DraftResponse> first = new CompletableFuture<>();
    DraftOpen.Builder open = DraftOpen.newBuilder().setTokenizerDigest(digest).setMaxTokens(4);
    for (int token : new int[] {0, 1, 2, 0, 1}) {
      open.addPrompt(token);
    }
    DraftServiceGrpc.newStub(channel)
        .draft(
            new StreamObserver<>() {
              @Override
              public void onNext(DraftResponse response) {
                first.complete(response);
              }

              @Override
              public void onError(Throwable cause) {
                first.completeExceptionally(cause);
              }

              @Override
              public void onCompleted() {}
            })
        .onNext(DraftRequest.newBuilder().setOpen(open).build());
    return first;
  }
}
