package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.proto.v1.ChatMessage;
import dev.slipstream.proto.v1.ChatPrompt;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.proto.v1.TokenIds;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Hostile gRPC requests: extreme values, and messages whose bytes are damaged. */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
class GrpcFuzzTest {
  private static final long SEED = 20260102;
  private static final int REQUESTS = 1_500;
  private static final int AT_ONCE = 24;
  private static final float[] FLOATS = {
    0, 1, 2, -1, 0.5f, 100, 1e-45f, Float.MAX_VALUE, Float.NaN, Float.POSITIVE_INFINITY
  };
  private static final int[] INTS = {0, 1, 2, -1, 20, 21, Integer.MAX_VALUE, Integer.MIN_VALUE};

  /** Bytes as they are, so that they need not be a message. */
  private static final MethodDescriptor<byte[], GenerateResponse> RAW =
      MethodDescriptor.<byte[], GenerateResponse>newBuilder()
          .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
          .setFullMethodName(GenerationServiceGrpc.getGenerateMethod().getFullMethodName())
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(GenerationServiceGrpc.getGenerateMethod().getResponseMarshaller())
          .build();

  private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void everyRequestGetsAnAnswerOrAStatusThatSaysWhatIsWrong(RunningSuite suite) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(suite.grpcAddress(), InsecureChannelCredentials.create()).build();
    Random random = new Random(SEED);
    Semaphore places = new Semaphore(AT_ONCE);
    List<Callable<Status>> work = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      byte[] request = request(random).toByteArray();
      boolean damaged = random.nextInt(3) == 0 && request.length > 0;
      byte[] sent = damaged ? damage(request, random) : request;
      String what = "seed %d, request %d: %s".formatted(SEED, i, Arrays.toString(sent));
      work.add(
          () -> {
            places.acquire();
            try {
              return call(channel, sent, what);
            } finally {
              places.release();
            }
          });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int answered = 0;
      for (Future<Status> status : threads.invokeAll(work)) {
        answered += status.get().isOk() ? 1 : 0;
      }
      assertThat(answered).as("some are valid, most are not").isBetween(50, REQUESTS / 2);
      suite.awaitIdle();
      byte[] valid =
          GenerateRequest.newBuilder().setText("a").setMaxTokens(1).build().toByteArray();
      assertThat(call(channel, valid, "a valid request").isOk()).isTrue();
    } finally {
      channel.shutdownNow();
    }
  }

  private static Status call(ManagedChannel channel, byte[] request, String what) {
    try {
      var options = CallOptions.DEFAULT.withDeadlineAfter(120, TimeUnit.SECONDS);
      ClientCalls.blockingServerStreamingCall(channel, RAW, options, request)
          .forEachRemaining(event -> {});
      return Status.OK;
    } catch (StatusRuntimeException e) {
      Status status = e.getStatus();
      assertThat(status.getCode())
          .as("%s%n%s", what, status)
          .isIn(
              Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND, Status.Code.RESOURCE_EXHAUSTED);
      assertThat(status.getDescription()).as(what).hasSizeGreaterThan(10).doesNotContain("java.");
      return status;
    }
  }

  private static GenerateRequest request(Random random) {
    GenerateRequest.Builder request = GenerateRequest.newBuilder().setMaxTokens(1);
    switch (random.nextInt(6)) {
      case 0 -> {}
      case 1 ->
          request.setTokenIds(TokenIds.newBuilder().addIds(pick(INTS, random)).addIds(5).build());
      case 2 ->
          request.setChat(
              ChatPrompt.newBuilder()
                  .addMessages(
                      ChatMessage.newBuilder()
                          .setRole(random.nextBoolean() ? "user" : "r".repeat(50_000))
                          .setContent("hi")));
      case 3 -> request.setText("long ".repeat(RunningSuite.CONTEXT + random.nextInt(5000)));
      default -> request.setText("a b");
    }
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      change(request, random);
    }
    return request.build();
  }

  private static void change(GenerateRequest.Builder request, Random random) {
    SamplingParams.Builder sampling = request.getSamplingBuilder();
    float number = FLOATS[random.nextInt(FLOATS.length)];
    int integer = pick(INTS, random);
    switch (random.nextInt(15)) {
      case 0 -> sampling.setTemperature(number);
      case 1 -> sampling.setTopP(number);
      case 2 -> sampling.setMinP(number);
      case 3 -> sampling.setRepetitionPenalty(number);
      case 4 -> sampling.setPresencePenalty(number);
      case 5 -> sampling.setFrequencyPenalty(number);
      case 6 -> sampling.setTopK(integer);
      case 7 -> sampling.putLogitBias(integer, number);
      case 8 -> request.setMaxTokens(Math.min(integer, 2));
      case 9 -> request.setTopLogprobs(integer);
      case 10 -> request.addStop(random.nextBoolean() ? "" : "stop");
      case 11 -> request.setModel("m".repeat(random.nextInt(100_000)));
      case 12 ->
          request.setSpeculation(
              SpeculationOptions.newBuilder()
                  .setModeValue(integer)
                  .setDrafter(random.nextBoolean() ? "" : "nobody\n"));
      case 13 -> request.setSpeculation(SpeculationOptions.newBuilder().setMaxDraftTokens(integer));
      default -> sampling.setSeed(random.nextLong());
    }
  }

  /** Cuts the message short, or changes one of its bytes. */
  private static byte[] damage(byte[] request, Random random) {
    int at = random.nextInt(request.length);
    if (random.nextBoolean()) {
      return Arrays.copyOf(request, at);
    }
    byte[] damaged = request.clone();
    damaged[at] = (byte) random.nextInt(256);
    return damaged;
  }

  private static int pick(int[] from, Random random) {
    return from[random.nextInt(from.length)];
  }
}
