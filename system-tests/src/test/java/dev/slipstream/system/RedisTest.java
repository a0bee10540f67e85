package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.testcontainers.containers.ContainerState;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/**
 * The stack with prefixes in Redis, in the image that {@code slipstream.redis} names. What would be
 * lost: answers, or their sameness, when the cache dies, which is there for speed alone.
 */
@Testcontainers
class RedisTest {
  /** Valkey's images and Redis's have different names for the same programs. */
  private static final String SERVER =
      "exec $(command -v valkey-server || command -v redis-server) --save '' --protected-mode no";

  private static final String SIZE = "$(command -v valkey-cli || command -v redis-cli) dbsize";

  @Container private static final Stack STACK = new Stack();

  private static final GenericContainer<?> REDIS =
      STACK.attach(
          new GenericContainer<>(System.getProperty("slipstream.redis"))
              .withNetworkAliases("redis")
              .withCreateContainerCmdModifier(create -> create.withEntrypoint("sh", "-c", SERVER))
              .withExposedPorts(6379));

  static {
    for (Service kv : STACK.containers("kv")) {
      kv.withEnv("SLIPSTREAM_KV_STORAGE", "redis")
          .withEnv("SLIPSTREAM_KV_REDIS_URIS", "redis://redis:6379")
          .dependsOn(REDIS);
    }
  }

  @Test
  void aRedisThatDiesChangesNoAnswerAndServesAgainOnceItIsBack() throws Exception {
    Gateway gateway = STACK.gateway();
    var engine = REDIS.getDockerClient();
    String undisturbed = gateway.answer(FailureTest.PROMPT, FailureTest.TOKENS).text();
    await().atMost(Stack.PATIENCE).until(() -> keys(REDIS) > 0);

    Gateway.Answer answer =
        gateway.answerDuring(
            FailureTest.PROMPT,
            FailureTest.TOKENS,
            () -> engine.killContainerCmd(REDIS.getContainerId()).exec());
    assertThat(answer.text()).isEqualTo(undisturbed);
    assertThat(gateway.answer(FailureTest.PROMPT, FailureTest.TOKENS).text())
        .isEqualTo(undisturbed);

    engine.startContainerCmd(REDIS.getContainerId()).exec();
    await()
        .atMost(Stack.PATIENCE)
        .untilAsserted(
            () -> {
              Gateway.text(gateway.chat(System.nanoTime() + FailureTest.PROMPT, 60));
              assertThat(keys(REDIS)).as("prefixes kept after Redis came back").isPositive();
            });
  }

  static int keys(ContainerState redis) throws Exception {
    return Integer.parseInt(redis.execInContainer("sh", "-c", SIZE).getStdout().strip());
  }
}
