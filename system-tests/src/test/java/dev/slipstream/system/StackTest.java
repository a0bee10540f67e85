package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The images on a real network. What a user would lose: an answer, or the same answer, when a
 * container of the stack dies or is replaced.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StackTest {
  private static final String PROMPT =
      "Write a long story about a red fox, a green frog, a blue bird and a yellow fish.";

  /** Long enough that all that happens to an answer happens while it is computed. */
  private static final int TOKENS = 400;

  /** Events of an answer after which it is surely under way. */
  private static final int MIDST = 8;

  private Stack stack;
  private String undisturbed;

  @BeforeAll
  void up() throws Exception {
    stack = Stack.up();
  }

  @AfterAll
  void down() throws Exception {
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
    disturb("KILL", "draft");
    assertThat(stack.answer(PROMPT, TOKENS, event -> {})).as("without it").isEqualTo(undisturbed());
  }

  @Test
  void aKvThatDiesChangesNoAnswer() throws Exception {
    disturb("KILL", "kv");
    assertThat(stack.answer(PROMPT, TOKENS, event -> {})).as("without it").isEqualTo(undisturbed());
  }

  @Test
  void targetsThatAreStoppedFinishTheirAnswers() throws Exception {
    disturb("TERM", "target");
    for (String target : stack.containers("target")) {
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(state(target)).isEqualTo("exited 143"));
    }
  }

  private String undisturbed() throws Exception {
    if (undisturbed == null) {
      undisturbed = stack.answer(PROMPT, TOKENS, event -> {});
    }
    return undisturbed;
  }

  /** A signal to all containers of a service in the midst of an answer changes nothing in it. */
  private void disturb(String signal, String service) throws Exception {
    String expected = undisturbed();
    List<String> command = new ArrayList<>(List.of("kill", "--signal", signal));
    command.addAll(stack.containers(service));
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      List<Future<String>> sent = new ArrayList<>();
      String answer =
          stack.answer(
              PROMPT,
              TOKENS,
              events -> {
                if (events >= MIDST && sent.isEmpty()) {
                  sent.add(other.submit(() -> stack.docker().run(command)));
                }
              });
      assertThat(sent).singleElement().as("happened during the answer").matches(Future::isDone);
      sent.getFirst().get();
      assertThat(answer).isEqualTo(expected);
    }
  }

  private String state(String container) throws Exception {
    return stack
        .docker()
        .run("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container);
  }
}
