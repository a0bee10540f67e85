package dev.slipstream.gateway.fake;

import com.google.protobuf.ByteString;
import dev.slipstream.proto.v1.DecodeRequest;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.GetModelRequest;
import dev.slipstream.proto.v1.GetVocabularyRequest;
import dev.slipstream.proto.v1.TargetModel;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import dev.slipstream.proto.v1.VocabularyChunk;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** A target that does what its script says, on an in-process server of its own. */
public final class FakeTarget extends TargetServiceGrpc.TargetServiceImplBase
    implements AutoCloseable {
  public static final String MODEL = "test-model";
  public static final int CONTEXT = 256;

  private final String name = "target-" + UUID.randomUUID();
  private final BlockingQueue<FakeDecode> decodes = new LinkedBlockingQueue<>();
  private final String template;
  private Server server;
  private volatile String traceparent;
  private volatile Consumer<FakeDecode> script = FakeDecode::hold;
  private volatile CompletableFuture<Void> mute = CompletableFuture.completedFuture(null);
  private volatile int context = CONTEXT;
  private volatile List<String> drafters = List.of();
  private volatile String kvEncoding = "";

  /**
   * @param template null for none
   */
  private FakeTarget(String template) {
    this.template = template;
  }

  public static FakeTarget start() {
    return withTemplate(TestVocabulary.CHATML);
  }

  /**
   * @param template of chats, or null
   */
  public static FakeTarget withTemplate(String template) {
    FakeTarget target = new FakeTarget(template);
    target.listen();
    return target;
  }

  /** Has an address, but does not answer yet. */
  public static FakeTarget stopped() {
    return new FakeTarget(TestVocabulary.CHATML);
  }

  /** The trace context that came with the last stream; null if none did. */
  public String traceparent() {
    return traceparent;
  }

  private final class TraceReader implements ServerInterceptor {
    private static final Metadata.Key<String> KEY =
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      if (call.getMethodDescriptor().getBareMethodName().equals("Decode")) {
        traceparent = headers.get(KEY);
      }
      return next.startCall(call, headers);
    }
  }

  public void listen() {
    try {
      server =
          InProcessServerBuilder.forName(name)
              .addService(ServerInterceptors.intercept(this, new TraceReader()))
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Says nothing when it is asked what it serves, until it is told to go on. */
  public void mute() {
    mute = new CompletableFuture<>();
  }

  public void unmute() {
    mute.complete(null);
  }

  /** Tokens of prompt and answer that it says it takes. */
  public FakeTarget context(int tokens) {
    context = tokens;
    return this;
  }

  /** Drafters that it says it hosts itself. */
  public FakeTarget drafters(String... names) {
    drafters = List.of(names);
    return this;
  }

  /** How it says it keeps keys and values. */
  public FakeTarget kvEncoding(String encoding) {
    kvEncoding = encoding;
    return this;
  }

  /** As the gateway's configuration names it. */
  public String address() {
    return "in-process:" + name;
  }

  /** What to do with every stream from now on, once it has started. */
  public FakeTarget script(Consumer<FakeDecode> script) {
    this.script = script;
    decodes.clear();
    return this;
  }

  /** Answers with these texts, one committed step each, and ends. */
  public FakeTarget says(String... steps) {
    return script(
        decode -> {
          decode.started();
          for (String step : steps) {
            decode.commit(step);
          }
          decode.finishByEnd();
        });
  }

  /** The next stream that was started. */
  public FakeDecode next() {
    return Waiting.poll(decodes, "a stream to the target");
  }

  public boolean isIdle() {
    return decodes.isEmpty();
  }

  @Override
  public StreamObserver<DecodeRequest> decode(StreamObserver<DecodeResponse> responses) {
    FakeDecode decode = new FakeDecode((ServerCallStreamObserver<DecodeResponse>) responses);
    return decode.requests(
        () -> {
          decodes.add(decode);
          script.accept(decode);
        });
  }

  @Override
  public void getModel(GetModelRequest request, StreamObserver<TargetModel> responses) {
    mute.thenRun(
        () -> {
          responses.onNext(model());
          responses.onCompleted();
        });
  }

  private TargetModel model() {
    return TargetModel.newBuilder()
        .setId(MODEL)
        .setArchitecture("llama")
        .setModelDigest("0123456789abcdef")
        .setTokenizerDigest(TestVocabulary.tokenizer().digest())
        .setContextLength(context)
        .setVocabularySize(TestVocabulary.SIZE)
        .setMaxDraftTokens(16)
        .setCreated(1_700_000_000)
        .addAllDrafters(drafters)
        .setKvEncoding(kvEncoding)
        .setMaxTeacherTokens(64)
        .setWeightFormat("Q4_1")
        .build();
  }

  @Override
  public void getVocabulary(
      GetVocabularyRequest request, StreamObserver<VocabularyChunk> responses) {
    ByteString bytes = ByteString.copyFrom(TestVocabulary.bytes(template));
    int half = bytes.size() / 2;
    responses.onNext(VocabularyChunk.newBuilder().setData(bytes.substring(0, half)).build());
    responses.onNext(VocabularyChunk.newBuilder().setData(bytes.substring(half)).build());
    responses.onCompleted();
  }

  @Override
  public void close() {
    if (server != null) {
      server.shutdownNow();
    }
  }
}
