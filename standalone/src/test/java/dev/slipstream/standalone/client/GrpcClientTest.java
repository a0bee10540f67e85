package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A client that knows nothing of ours but what the server says of itself, as grpcurl does: it asks
 * for the contract by reflection and builds its messages from that.
 */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcClientTest {
  private static final String SERVICE = "slipstream.v1.GenerationService";

  private ManagedChannel channel;
  private ServiceDescriptor service;

  @BeforeAll
  void connect(RunningSuite suite) throws Exception {
    channel =
        Grpc.newChannelBuilder(suite.grpcAddress(), InsecureChannelCredentials.create()).build();
    service = Reflection.of(channel).service(SERVICE);
  }

  @AfterAll
  void disconnect() {
    if (channel != null) {
      channel.shutdownNow();
    }
  }

  /** Asks for one thing at a time. */
  private record Reflection(Channel channel) {
    static Reflection of(Channel channel) {
      return new Reflection(channel);
    }

    ServerReflectionResponse ask(ServerReflectionRequest request) throws Exception {
      CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
      var requests =
          ServerReflectionGrpc.newStub(channel)
              .serverReflectionInfo(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                      answer.complete(response);
                    }

                    @Override
                    public void onError(Throwable cause) {
                      answer.completeExceptionally(cause);
                    }

                    @Override
                    public void onCompleted() {}
                  });
      requests.onNext(request);
      requests.onCompleted();
      return answer.get(30, TimeUnit.SECONDS);
    }

    ServiceDescriptor service(String name) throws Exception {
      var response =
          ask(ServerReflectionRequest.newBuilder().setFileContainingSymbol(name).build());
      Map<String, FileDescriptorProto> files = new HashMap<>();
      String owner = null;
      for (var bytes : response.getFileDescriptorResponse().getFileDescriptorProtoList()) {
        FileDescriptorProto file = FileDescriptorProto.parseFrom(bytes);
        files.put(file.getName(), file);
        boolean owns =
            file.getServiceList().stream()
                .anyMatch(s -> name.equals(file.getPackage() + "." + s.getName()));
        owner = owns ? file.getName() : owner;
      }
      String simple = name.substring(name.lastIndexOf('.') + 1);
      return build(owner, files).findServiceByName(simple);
    }

    private static FileDescriptor build(String name, Map<String, FileDescriptorProto> files)
        throws Exception {
      FileDescriptorProto file = files.get(name);
      FileDescriptor[] imports = new FileDescriptor[file.getDependencyCount()];
      for (int i = 0; i < imports.length; i++) {
        imports[i] = build(file.getDependency(i), files);
      }
      return FileDescriptor.buildFrom(file, imports);
    }
  }

  private List<DynamicMessage> call(String name, String json) throws Exception {
    MethodDescriptor method = service.findMethodByName(name);
    DynamicMessage.Builder request = DynamicMessage.newBuilder(method.getInputType());
    JsonFormat.parser().merge(json, request);
    var definition =
        io.grpc.MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
            .setType(
                method.isServerStreaming()
                    ? io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING
                    : io.grpc.MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(SERVICE + "/" + name)
            .setRequestMarshaller(marshaller(method.getInputType()))
            .setResponseMarshaller(marshaller(method.getOutputType()))
            .build();
    List<DynamicMessage> answers = new java.util.ArrayList<>();
    ClientCalls.blockingServerStreamingCall(
            channel,
            definition,
            CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
            request.build())
        .forEachRemaining(answers::add);
    return answers;
  }

  private static io.grpc.MethodDescriptor.Marshaller<DynamicMessage> marshaller(Descriptor type) {
    return ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(type));
  }

  private static Object get(DynamicMessage message, String... path) {
    Object value = message;
    for (String name : path) {
      DynamicMessage in = (DynamicMessage) value;
      value = in.getField(in.getDescriptorForType().findFieldByName(name));
    }
    return value;
  }

  @Test
  void generates() throws Exception {
    List<DynamicMessage> events =
        call(
            "Generate",
            """
            {"text": "The capital of France is", "maxTokens": 3, "topLogprobs": 2,
             "sampling": {"temperature": 0}}""");
    assertThat(get(events.getFirst(), "started", "model")).isEqualTo(RunningSuite.MODEL);
    StringBuilder text = new StringBuilder();
    for (DynamicMessage event : events) {
      text.append(get(event, "chunk", "text"));
    }
    assertThat(text.toString()).startsWith(" Paris");
    assertThat(get(events.getLast(), "finished", "usage", "completion_tokens")).isEqualTo(3);
    assertThat(get(events.getLast(), "finished", "reason").toString())
        .isEqualTo("FINISH_REASON_LENGTH");
  }

  @Test
  void chatsAndTokenises() throws Exception {
    List<DynamicMessage> chat =
        call(
            "Generate",
            """
            {"chat": {"messages": [{"role": "user", "content": "What is the capital of France?"}]},
             "maxTokens": 12, "sampling": {"temperature": 0}}""");
    StringBuilder text = new StringBuilder();
    chat.forEach(event -> text.append(get(event, "chunk", "text")));
    assertThat(text.toString()).contains("Paris");

    List<DynamicMessage> tokens = call("Tokenize", "{\"content\": \"h\u00e9llo\"}");
    String ids = get(tokens.getFirst(), "tokens").toString();
    List<DynamicMessage> back =
        call(
            "Detokenize", "{\"tokens\": %s, \"model\": \"%s\"}".formatted(ids, RunningSuite.MODEL));
    assertThat(get(back.getFirst(), "content")).isEqualTo("h\u00e9llo");
  }

  @Test
  void isHealthyForStockProbes() {
    var health = HealthGrpc.newBlockingStub(channel);
    // The gateway looks at its targets from time to time.
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> health.check(HealthCheckRequest.getDefaultInstance()).getStatus(),
            status -> status == ServingStatus.SERVING);
  }

  @Test
  void listsItsServices() throws Exception {
    var response =
        Reflection.of(channel)
            .ask(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(response.getListServicesResponse().getServiceList())
        .extracting(s -> s.getName())
        .contains(SERVICE, "grpc.health.v1.Health")
        .as("the other three services are not for the public")
        .doesNotContain("slipstream.v1.TargetService");
  }
}
