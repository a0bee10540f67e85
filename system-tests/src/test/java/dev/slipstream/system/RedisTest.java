package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The stack with prefixes in Redis, in the image that {@code slipstream.redis} names. What would be
 * lost: answers, or their sameness, when the cache dies, which is there for speed alone.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisTest {
  private static final String OVERRIDE =
      """
      services:
        kv:
          environment: { SLIPSTREAM_KV_STORAGE: redis }
          depends_on: [ redis ]
        redis:
          image: %s
          pull_policy: never
          profiles: !override []
      """;

  private Stack stack;

  @BeforeAll
  void up(@TempDir Path folder) throws Exception {
    String image = System.getProperty("slipstream.redis");
    Path override = Files.writeString(folder.resolve("redis.yml"), OVERRIDE.formatted(image));
    stack = Stack.up("redis", override);
  }

  @AfterAll
  void down() throws Exception {
    if (stack != null) {
      stack.close();
    }
  }

  @Test
  void aRedisThatDiesChangesNoAnswerAndServesAgainOnceItIsBack() throws Exception {
    String redis = stack.containers("redis").getFirst();
    Gateway gateway = stack.gateway();
    String undisturbed = gateway.answer(FailureTest.PROMPT, FailureTest.TOKENS).text();
    awaitKeys(redis);

    Gateway.Answer answer =
        gateway.answerDuring(
            FailureTest.PROMPT,
            FailureTest.TOKENS,
            () -> stack.docker().run("kill", "--signal", "KILL", redis));
    assertThat(answer.text()).isEqualTo(undisturbed);
    assertThat(gateway.answer(FailureTest.PROMPT, FailureTest.TOKENS).text())
        .isEqualTo(undisturbed);

    stack.docker().run("start", redis);
    stack.awaitHealthy(redis);
    await()
        .atMost(Stack.PATIENCE)
        .untilAsserted(
            () -> {
              Gateway.text(gateway.chat(System.nanoTime() + FailureTest.PROMPT, 60));
              assertThat(keys(redis)).as("prefixes kept after Redis came back").isPositive();
            });
  }

  private void awaitKeys(String redis) {
    await().atMost(Stack.PATIENCE).until(() -> keys(redis) > 0);
  }

  private int keys(String redis) throws Exception {
    String size = "$(command -v valkey-cli || command -v redis-cli) dbsize";
    return Integer.parseInt(stack.docker().run("exec", redis, "sh", "-c", size));
  }
}
