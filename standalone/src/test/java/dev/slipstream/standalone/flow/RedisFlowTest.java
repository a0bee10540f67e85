package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.kv.redis.RedisProcess;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.standalone.flow.Flow.Answer;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where blocks are kept, and whether they can be had, changes how fast an answer comes. */
@Tag("suite")
class RedisFlowTest {
  private static final int TOKENS = 24;
  private final List<GenerateRequest> prompts = Flow.prompts().subList(0, 8);

  @Test
  void answersAreTheSameFromMemoryFromRedisAndWithoutIt(@TempDir Path home) throws Exception {
    try (RedisProcess redis = RedisProcess.start()) {
      List<List<Integer>> expected;
      try (var memory = EmbeddedSuite.start(Flow.settings(home, Map.of()))) {
        expected = ids(run(memory, count -> {}));
      }
      Map<Service, Map<String, String>> properties =
          Map.of(
              Service.KV,
              Map.of(
                  "slipstream.kv.storage", "redis",
                  "slipstream.kv.redis.uris", redis.uri(),
                  "slipstream.kv.redis.command-timeout", "20s"));
      try (var first = EmbeddedSuite.start(Flow.settings(home, properties))) {
        awaitConnected(first, 1);
        assertThat(ids(run(first, count -> {}))).as("computed").isEqualTo(expected);
        awaitStored(first);
      }
      try (var second = EmbeddedSuite.start(Flow.settings(home, properties))) {
        awaitConnected(second, 1);
        List<Answer> fetched = run(second, count -> {});
        assertThat(ids(fetched)).as("fetched").isEqualTo(expected);
        assertThat(remote(fetched)).isGreaterThan(16L * prompts.size() / 2);
      }
      try (var third = EmbeddedSuite.start(Flow.settings(home, properties))) {
        awaitConnected(third, 1);
        AtomicBoolean killed = new AtomicBoolean();
        List<Answer> answers =
            run(
                third,
                tokens -> {
                  if (killed.compareAndSet(false, true)) {
                    assertThat(tokens).isLessThan(TOKENS);
                    redis.kill();
                  }
                });
        assertThat(ids(answers)).as("killed in the first answer").isEqualTo(expected);
        assertThat(remote(answers.subList(1, answers.size()))).isZero();
        redis.restart();
        awaitConnected(third, 1);
        assertThat(ids(run(third, count -> {}))).as("back again").isEqualTo(expected);
      }
    }
  }

  /**
   * @param progress hears the number of tokens of all answers so far
   */
  private List<Answer> run(EmbeddedSuite suite, IntConsumer progress) {
    ManagedChannel channel = Flow.connect(suite.grpcAddress().orElseThrow());
    List<Answer> answers = new ArrayList<>();
    try {
      for (GenerateRequest prompt : prompts) {
        int before = answers.stream().mapToInt(a -> a.ids().size()).sum();
        GenerateRequest request =
            prompt.toBuilder()
                .setSampling(SamplingParams.newBuilder().setTemperature(0))
                .setMaxTokens(TOKENS)
                .setSpeculation(Flow.speculation(false))
                .build();
        answers.add(Flow.ask(channel, request, tokens -> progress.accept(before + tokens)));
      }
    } finally {
      channel.shutdownNow();
    }
    return answers;
  }

  private static void awaitConnected(EmbeddedSuite suite, int connected) {
    await()
        .atMost(Flow.PATIENCE)
        .until(() -> Flow.metric(suite, Service.KV, "slipstream.kv.redis.connected") == connected);
  }

  private static void awaitStored(EmbeddedSuite suite) {
    double known = Flow.metric(suite, Service.TARGET, "slipstream.kv.cache.blocks.retained");
    await()
        .atMost(Flow.PATIENCE)
        .until(() -> Flow.metric(suite, Service.KV, "slipstream.kv.blocks.stored") >= known);
  }

  private static long remote(List<Answer> answers) {
    return answers.stream().mapToLong(a -> a.usage().getRemoteCachedTokens()).sum();
  }

  private static List<List<Integer>> ids(List<Answer> answers) {
    return answers.stream().map(Answer::ids).toList();
  }
}
