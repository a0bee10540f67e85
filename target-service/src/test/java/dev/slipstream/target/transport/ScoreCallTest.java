package dev.slipstream.target.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.catalog.CatalogSettings;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.Continuation;
import dev.slipstream.proto.v1.DecodeRequest;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.ScoreRequest;
import dev.slipstream.proto.v1.ScoreResponse;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import dev.slipstream.target.application.CostFile;
import dev.slipstream.target.application.DecodeLoop;
import dev.slipstream.target.application.DecodeMetrics;
import dev.slipstream.target.application.HostedDrafters;
import dev.slipstream.target.application.LoopSettings;
import dev.slipstream.target.application.PassCosts;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.target.application.SharedPrefixes;
import dev.slipstream.target.application.Techniques;
import dev.slipstream.target.application.ToyModel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scores as a client of another process gets them, through the network. */
@Tag("model")
@Timeout(300)
class ScoreCallTest {
  @TempDir private Path folder;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private DecodeLoop loop;
  private HostedDrafters drafters;
  private Server server;
  private ManagedChannel channel;

  private void serve(ServedModel model) throws Exception {
    LoopSettings settings = new LoopSettings(64, 1024, 64, 16, 4, 4, 4, 8);
    PassCosts costs =
        PassCosts.of(
            model, 64, Duration.ZERO, new CostFile(folder, model.weights().digest(), 1, "here"));
    DecodeMetrics metrics = new DecodeMetrics(meters, model, costs.cost());
    loop = new DecodeLoop(model, settings, SharedPrefixes.NONE, costs, Techniques.NONE, metrics);
    drafters =
        new HostedDrafters(
            loop, metrics, model.tokens().size(), List.of(), Executors.newSingleThreadExecutor());
    ServedTarget target =
        new ServedTarget(model, new byte[0], settings, loop, drafters, metrics, Instant.now());
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new TargetGrpcService(() -> target))
            .build()
            .start();
    channel =
        Grpc.newChannelBuilder("127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
            .build();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      channel.shutdownNow();
      server.shutdownNow();
      loop.close();
      drafters.close();
    }
  }

  private static ScoreRequest request(List<Integer> prefix, List<List<Integer>> continuations) {
    ScoreRequest.Builder request = ScoreRequest.newBuilder().addAllPrefix(prefix);
    continuations.forEach(
        tokens -> request.addContinuations(Continuation.newBuilder().addAllTokens(tokens)));
    return request.build();
  }

  private ScoreResponse score(ScoreRequest request) {
    return TargetServiceGrpc.newBlockingStub(channel).score(request);
  }

  /** To the last bit: what chose a token and what scores it are the same computation. */
  @Test
  void theDefaultModelScoresItsOwnAnswersAsItHasFoundThem() throws Exception {
    ModelResolver models = new ModelResolver(CatalogSettings.of(System.getenv()));
    String id = models.catalog().defaultId();
    assumeTrue(
        models.isCached(models.catalog().find(id).orElseThrow()),
        "skipped: the default model is not in the cache; run 'slipstream pull'");
    ResolvedModel file = models.resolve(id, ProgressListener.SILENT);
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = LanguageModel.load(file.file(), pool)) {
      serve(served(id, file, model));
      List<Integer> prefix =
          IntStream.of(model.tokenizer().encode("The three primary colours are", true, false))
              .boxed()
              .toList();
      List<CommittedToken> greedy = decode(prefix, 90, 0);
      List<CommittedToken> sampled = decode(prefix, 20, 1);

      // The second is too long for a batch; the last two are branches of what is committed by then.
      List<List<CommittedToken>> answers =
          List.of(sampled, greedy, greedy.subList(0, 12), sampled.subList(0, 7));
      ScoreResponse scores =
          score(request(prefix, answers.stream().map(ScoreCallTest::ids).toList()));

      for (int i = 0; i < answers.size(); i++) {
        assertThat(scores.getScores(i).getLogprobsList()).isEqualTo(logprobs(answers.get(i)));
      }
      stop();
      server = null;
    }
  }

  private static List<Integer> ids(List<CommittedToken> tokens) {
    return tokens.stream().map(CommittedToken::getId).toList();
  }

  private static List<Float> logprobs(List<CommittedToken> tokens) {
    return tokens.stream().map(CommittedToken::getLogprob).toList();
  }

  private List<CommittedToken> decode(List<Integer> prompt, int tokens, float temperature) {
    CompletableFuture<List<CommittedToken>> answer = new CompletableFuture<>();
    List<CommittedToken> committed = new ArrayList<>();
    StreamObserver<DecodeRequest> requests =
        TargetServiceGrpc.newStub(channel)
            .decode(
                new StreamObserver<>() {
                  @Override
                  public void onNext(DecodeResponse response) {
                    committed.addAll(response.getCommitted().getTokensList());
                  }

                  @Override
                  public void onError(Throwable cause) {
                    answer.completeExceptionally(cause);
                  }

                  @Override
                  public void onCompleted() {
                    answer.complete(committed);
                  }
                });
    requests.onNext(
        DecodeRequest.newBuilder()
            .setStart(
                DecodeStart.newBuilder()
                    .addAllPrompt(prompt)
                    .setMaxTokens(tokens)
                    .setMinTokens(tokens)
                    .setTopLogprobs(0)
                    .setSampling(
                        SamplingParams.newBuilder().setTemperature(temperature).setSeed(5)))
            .build());
    assertThat(answer.join()).as("min_tokens keeps the end away").hasSize(tokens);
    return answer.join();
  }

  private static ServedModel served(String id, ResolvedModel file, LanguageModel model) {
    return new ServedModel(
        id,
        new ServedModel.Weights(model.config().architecture(), "", file.sha256()),
        new ServedModel.Tokens(
            model.tokenizer().digest(),
            model.config().vocabularySize(),
            model.tokenizer().endTokens()),
        model.config().contextLength(),
        model.kvLayout(),
        model);
  }

  @Test
  void whatCannotBeScoredIsRefusedByName() throws Exception {
    serve(new ToyModel(20).served());
    List<Integer> prefix = List.of(1, 2);
    List<List<Integer>> one = List.of(List.of(3));
    assertRefused(request(List.of(), one), Status.Code.INVALID_ARGUMENT, "prefix is empty");
    assertRefused(request(prefix, List.of()), Status.Code.INVALID_ARGUMENT, "0 continuations");
    assertRefused(
        request(prefix, List.of(List.of(3), List.of())),
        Status.Code.INVALID_ARGUMENT,
        "continuations[1].tokens is empty");
    assertRefused(
        request(prefix, List.of(List.of(3, 300))),
        Status.Code.INVALID_ARGUMENT,
        "continuations[0].tokens[1] is token 300");
    assertRefused(request(List.of(-1), one), Status.Code.INVALID_ARGUMENT, "prefix[0] is token -1");
    assertRefused(
        request(prefix, tokens(257, 1)), Status.Code.INVALID_ARGUMENT, "257 continuations");
    assertRefused(
        request(prefix, tokens(5, 300)), Status.Code.INVALID_ARGUMENT, "1500 tokens together");
    assertRefused(
        request(tokens(1, 1020).getFirst(), tokens(1, 5)), Status.Code.OUT_OF_RANGE, "1025 tokens");
    assertRefused(
        request(prefix, one).toBuilder().setTokenizerDigest("other").build(),
        Status.Code.FAILED_PRECONDITION,
        "other");
    assertRefused(
        request(prefix, one).toBuilder().setTenant("t".repeat(257)).build(),
        Status.Code.INVALID_ARGUMENT,
        "tenant has 257");
  }

  private static List<List<Integer>> tokens(int lists, int length) {
    return IntStream.range(0, lists)
        .mapToObj(i -> IntStream.range(0, length).map(t -> t % 290).boxed().toList())
        .toList();
  }

  private void assertRefused(ScoreRequest request, Status.Code code, String message) {
    assertThatThrownBy(() -> score(request))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(e.getStatus().getDescription()).contains(message);
            });
  }

  /** A client that leaves takes its blocks and its place with it. */
  @Test
  void aCallThatIsCancelledIsForgotten() throws Exception {
    ToyModel toy = new ToyModel(20);
    serve(toy.served());
    toy.gate = new Semaphore(0);
    ListenableFuture<ScoreResponse> call =
        TargetServiceGrpc.newFutureStub(channel).score(request(List.of(1, 2), tokens(10, 100)));
    await().until(() -> toy.gate.hasQueuedThreads());
    call.cancel(true);
    await()
        .until(
            () -> {
              toy.gate.release();
              return meters.get("slipstream.requests.cancelled").counter().count() == 1;
            });
    toy.gate.release(1 << 20);

    await().until(() -> meters.get("slipstream.kv.cache.blocks.used").gauge().value() == 0);
    assertThat(meters.get("slipstream.num.scores").counter().count()).isZero();
  }
}
