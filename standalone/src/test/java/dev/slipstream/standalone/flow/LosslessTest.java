package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GetStatsRequest;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.standalone.flow.Flow.Answer;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whoever breaks this gives users other answers when speculation is on, when somebody else is in
 * the batch, or when their prompt has been seen before.
 */
@Tag("suite")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LosslessTest {
  private static final int TOKENS = 24;
  private static final SamplingParams GREEDY =
      SamplingParams.newBuilder().setTemperature(0).build();
  private static final SamplingParams SEEDED =
      SamplingParams.newBuilder().setTemperature(0.8f).setSeed(20_260).build();

  private Path home;
  private final List<GenerateRequest> prompts = Flow.prompts();
  private List<List<Integer>> greedy;
  private List<List<Integer>> seeded;

  /** Plain decoding, one at a time, in a suite that has seen nothing before. */
  @BeforeAll
  void answerPlainly(@TempDir Path folder) throws Exception {
    home = folder;
    assertThat(prompts).hasSizeGreaterThanOrEqualTo(40);
    try (var suite = EmbeddedSuite.start(Flow.settings(home, Map.of()))) {
      greedy = ids(run(suite, GREEDY, false, 1));
      seeded = ids(run(suite, SEEDED, false, 1));
    }
    assertThat(seeded).isNotEqualTo(greedy);
  }

  @ParameterizedTest(name = "speculation {0}, {1} at a time")
  @CsvSource({"false, 1", "false, 8", "true, 1", "true, 8"})
  void answersAreTheSameTokens(boolean speculation, int atOnce) throws Exception {
    try (var first = EmbeddedSuite.start(Flow.settings(home, Map.of()))) {
      List<Answer> cold = run(first, GREEDY, speculation, atOnce);
      assertSame("cold", cold, greedy);
      assertBatched(first, cold, atOnce);
      List<Answer> cached = run(first, GREEDY, speculation, atOnce);
      assertSame("cached", cached, greedy);
      assertThat(sum(cold, a -> a.usage().getRemoteCachedTokens())).isZero();
      assertThat(sum(cached, a -> a.usage().getCachedTokens()))
          .isGreaterThan(sum(cold, a -> a.usage().getCachedTokens()) + 16L * prompts.size() / 2);
      List<Answer> fetched = runOnSecondTarget(first, speculation, atOnce);
      assertSame("fetched", fetched, greedy);
      assertThat(sum(fetched, a -> a.usage().getRemoteCachedTokens()))
          .isGreaterThan(16L * prompts.size() / 2);
      assertSame("seeded", run(first, SEEDED, speculation, atOnce), seeded);
      for (List<Answer> answers : List.of(cold, cached, fetched)) {
        assertDrafted(answers, speculation);
      }
    }
  }

  /** Where a drafter runs is a setting, which must show in the speed and nowhere else. */
  @ParameterizedTest(name = "drafts of the target's own process, {0} at a time")
  @ValueSource(ints = {1, 8})
  void answersAreTheSameTokensWithADrafterInTheTarget(int atOnce) throws Exception {
    var properties = Map.of(Service.TARGET, Map.of("slipstream.target.drafters", "prompt-lookup"));
    try (var suite = EmbeddedSuite.start(Flow.settings(home, properties))) {
      List<Answer> answers = run(suite, GREEDY, true, atOnce);
      assertSame("greedy", answers, greedy);
      assertDrafted(answers, true);
      assertThat(answers)
          .allSatisfy(
              a ->
                  assertThat(a.speculation().getSourcesList())
                      .allMatch(source -> source.getSource().equals("prompt-lookup")));
      assertSame("seeded", run(suite, SEEDED, true, atOnce), seeded);
      assertThat(Flow.metric(suite, Service.GATEWAY, "slipstream.draft.requests"))
          .as("streams to the draft service")
          .isZero();
    }
  }

  /** Another target, with a cache of its own, that shares the first one's kv-service. */
  private List<Answer> runOnSecondTarget(EmbeddedSuite first, boolean speculation, int atOnce)
      throws Exception {
    String kv =
        first
            .context(Service.KV)
            .getEnvironment()
            .getRequiredProperty("spring.grpc.server.inprocess.name");
    awaitStored(first, kv);
    var properties =
        Map.of(Service.TARGET, Map.of("slipstream.target.kv.target", "in-process:" + kv));
    try (var second = EmbeddedSuite.start(Flow.settings(home, properties))) {
      return run(second, GREEDY, speculation, atOnce);
    }
  }

  /** Blocks go to kv-service in the background. */
  private static void awaitStored(EmbeddedSuite suite, String kv) {
    ManagedChannel channel = InProcessChannelBuilder.forName(kv).build();
    try {
      var stub = KvServiceGrpc.newBlockingStub(channel);
      double known = Flow.metric(suite, Service.TARGET, "slipstream.kv.cache.blocks.retained");
      await()
          .atMost(Flow.PATIENCE)
          .until(() -> stub.getStats(GetStatsRequest.getDefaultInstance()).getBlocks() >= known);
    } finally {
      channel.shutdownNow();
    }
  }

  private List<Answer> run(
      EmbeddedSuite suite, SamplingParams sampling, boolean speculation, int atOnce)
      throws Exception {
    ManagedChannel channel = Flow.connect(suite.grpcAddress().orElseThrow());
    List<Future<Answer>> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newFixedThreadPool(atOnce)) {
      for (GenerateRequest prompt : prompts) {
        GenerateRequest request =
            prompt.toBuilder()
                .setSampling(sampling)
                .setMaxTokens(TOKENS)
                .setSpeculation(Flow.speculation(speculation))
                .build();
        answers.add(clients.submit(() -> Flow.ask(channel, request)));
      }
    } finally {
      channel.shutdown();
    }
    List<Answer> all = new ArrayList<>();
    for (Future<Answer> answer : answers) {
      all.add(answer.get());
    }
    return all;
  }

  private void assertSame(String how, List<Answer> answers, List<List<Integer>> expected) {
    List<List<Integer>> ids = ids(answers);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(ids.get(i)).as("%s: prompt %d", how, i).isEqualTo(expected.get(i));
    }
  }

  /** Several answers shared a pass, or none did. */
  private static void assertBatched(EmbeddedSuite suite, List<Answer> answers, int atOnce) {
    double steps = Flow.metric(suite, Service.TARGET, "slipstream.decode.steps");
    long rounds = sum(answers, a -> a.ids().size() - a.speculation().getAccepted());
    if (atOnce == 1) {
      assertThat(steps).isGreaterThanOrEqualTo(rounds);
    } else {
      assertThat(steps).isLessThan(rounds / 2.0);
    }
  }

  private static void assertDrafted(List<Answer> answers, boolean speculation) {
    long drafted = sum(answers, a -> a.speculation().getDrafted());
    long accepted = sum(answers, a -> a.speculation().getAccepted());
    if (speculation) {
      assertThat(drafted).isGreaterThan(100);
      assertThat(accepted).isGreaterThan(50);
    } else {
      assertThat(drafted).isZero();
    }
  }

  private static long sum(List<Answer> answers, ToLongFunction<Answer> figure) {
    return answers.stream().mapToLong(figure).sum();
  }

  private static List<List<Integer>> ids(List<Answer> answers) {
    return answers.stream().map(Answer::ids).toList();
  }
}
