package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The images on a real network. What a user would lose: an answer, or the same answer, when a
 * container of the stack dies or is replaced.
 */
class StackTest {
  private static final String PROMPT =
      "Write a long story about a red fox, a green frog, a blue bird and a yellow fish.";

  /** Long enough that all that happens to an answer happens while it is computed. */
  private static final int TOKENS = 300;

  /** Events of an answer after which it is surely under way. */
  private static final int MIDST = 8;

  private static Stack stack;

  @BeforeAll
  static void up() throws Exception {
    stack = Stack.up();
  }

  @AfterAll
  static void down() throws Exception {
    if (stack != null) {
      stack.close();
    }
  }

  @AfterEach
  void restore() throws Exception {
    stack.restore();
  }

  @Test
  void answers() throws Exception {
    assertThat(stack.answer("What is the capital of France?", 24, event -> {})).contains("Paris");
  }

  @Test
  void bothTargetsWork() throws Exception {
    List<String> targets = stack.containers("target");
    assertThat(targets).hasSize(2);
    List<Callable<String>> chats =
        IntStream.range(0, 6)
            .<Callable<String>>mapToObj(
                i -> () -> stack.answer("Count from " + i + " on.", 32, event -> {}))
            .toList();
    try (ExecutorService clients = Executors.newCachedThreadPool()) {
      for (Future<String> answer : clients.invokeAll(chats)) {
        assertThat(answer.get()).isNotEmpty();
      }
    }
    for (String target : targets) {
      assertThat(stack.metric(target, "slipstream_generation_tokens_total")).isPositive();
    }
  }

  @Test
  void aDraftThatDiesChangesNoAnswer() throws Exception {
    changesNoAnswer(() -> stack.kill("draft"));
  }

  @Test
  void aKvThatDiesChangesNoAnswer() throws Exception {
    changesNoAnswer(() -> stack.kill("kv"));
  }

  @Test
  void aTargetThatIsStoppedFinishesItsAnswers() throws Exception {
    String undisturbed = stack.answer(PROMPT, TOKENS, event -> {});
    List<String> targets = stack.containers("target");
    String[] stopped = new String[1];
    try (ExecutorService stopper = Executors.newSingleThreadExecutor()) {
      String answer =
          stack.answer(
              PROMPT,
              TOKENS,
              once(
                  () -> {
                    stopped[0] = busy(targets);
                    stopper.submit(() -> stack.docker().run("stop", "--time", "40", stopped[0]));
                  }));
      assertThat(answer).isEqualTo(undisturbed);
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> assertThat(state(stopped[0])).as("not killed (137)").isEqualTo("exited 143"));
    }
  }

  private static String busy(List<String> targets) throws Exception {
    for (String target : targets) {
      if (stack.metric(target, "slipstream_num_requests_running") > 0) {
        return target;
      }
    }
    throw new AssertionError("no target is at work");
  }

  private static String state(String container) throws Exception {
    return stack
        .docker()
        .run("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container);
  }

  private static void changesNoAnswer(Disturbance disturbance) throws Exception {
    String undisturbed = stack.answer(PROMPT, TOKENS, event -> {});
    assertThat(stack.answer(PROMPT, TOKENS, once(disturbance))).isEqualTo(undisturbed);
    assertThat(stack.answer(PROMPT, TOKENS, event -> {})).as("afterwards").isEqualTo(undisturbed);
  }

  /** Something that happens to the stack. */
  private interface Disturbance {
    void happen() throws Exception;
  }

  private static IntConsumer once(Disturbance disturbance) {
    boolean[] done = new boolean[1];
    return events -> {
      if (events >= MIDST && !done[0]) {
        done[0] = true;
        try {
          disturbance.happen();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    };
  }
}
