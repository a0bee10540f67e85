package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a user would lose: an answer, or the same answer, when a container of the stack dies, hangs,
 * or is cut off in the midst of it.
 */
@ExtendWith(SharedStack.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FailureTest {
  static final String PROMPT =
      "Write a long story about a red fox, a green frog, a blue bird and a yellow fish.";

  /** Long enough that all that happens to an answer happens while it is computed. */
  static final int TOKENS = 1200;

  private static final long PAUSE_MILLIS = 10_000;

  private final Stack stack;
  private String undisturbed;
  private Gateway gateway;

  /** Containers by address; to look them up takes longer than some answers. */
  private Map<String, Service> targets;

  FailureTest(Stack stack) {
    this.stack = stack;
  }

  @BeforeAll
  void answerUndisturbed() throws Exception {
    undisturbed = stack.gateway().answer(PROMPT, TOKENS).text();
  }

  @BeforeEach
  void lookUp() {
    gateway = stack.gateway();
    targets = stack.targets();
  }

  @Test
  void aDraftThatDiesChangesNoAnswer() throws Exception {
    Service draft = stack.containers("draft").getFirst();
    assertUnchanged(during(() -> draft.signal("KILL")));
    assertUnchanged(gateway.answer(PROMPT, TOKENS));
  }

  @Test
  void aKvServiceThatDiesChangesNoAnswer() throws Exception {
    Service kv = stack.containers("kv").getFirst();
    assertUnchanged(during(() -> kv.signal("KILL")));
    assertUnchanged(gateway.answer(PROMPT, TOKENS));
  }

  @Test
  void anAnswerGoesOnAtTheOtherTargetWhenItsOwnIsKilled() throws Exception {
    Gateway.Answer answer = during(() -> serving().signal("KILL"));
    assertUnchanged(answer);
    assertThat(answer.resumes()).isPositive();
  }

  @Test
  void anAnswerGoesOnAtTheOtherTargetWhenItsOwnHangs() throws Exception {
    Gateway.Answer answer = whilePaused(this::serving);
    assertUnchanged(answer);
    assertThat(answer.resumes()).isPositive();
  }

  @Test
  void aDraftThatHangsChangesNoAnswer() throws Exception {
    Service draft = stack.containers("draft").getFirst();
    assertUnchanged(whilePaused(() -> draft));
    assertUnchanged(gateway.answer(PROMPT, TOKENS));
  }

  @Test
  void aTargetThatIsCutOffLosesNoAnswerAndComesBack() throws Exception {
    List<Service> cutOff = new ArrayList<>();
    Gateway.Answer answer;
    try {
      answer =
          during(
              () -> {
                cutOff.add(serving());
                return cutOff.getFirst().cutOff();
              });
    } finally {
      cutOff.forEach(Service::reconnect);
    }
    assertUnchanged(answer);
    assertThat(answer.resumes()).isPositive();

    stack.awaitTargets();
    Service back = cutOff.getFirst();
    double before = back.metric("slipstream_generation_tokens_total");
    for (int i = 0; i < 4; i++) {
      Gateway.text(gateway.chat(i + " and one is", 2));
    }
    assertThat(back.metric("slipstream_generation_tokens_total"))
        .as("tokens of the target that was cut off")
        .isGreaterThan(before);
  }

  @Test
  void targetsThatAreStoppedFinishTheirAnswers() throws Exception {
    Gateway.Answer answer =
        during(() -> targets.values().stream().map(target -> target.signal("TERM")).toList());
    assertUnchanged(answer);
    assertThat(answer.resumes()).isZero();
    for (Service target : targets.values()) {
      await().atMost(Stack.PATIENCE).until(() -> !target.isRunning());
      assertThat(target.getContainerInfo().getState().getExitCodeLong()).isEqualTo(143);
    }
  }

  private void assertUnchanged(Gateway.Answer answer) {
    assertThat(answer.text()).isEqualTo(undisturbed);
  }

  /** The target that has the only answer under way. */
  private Service serving() throws Exception {
    return gateway.metric("slipstream_target_streams", "target").entrySet().stream()
        .filter(streams -> streams.getValue() > 0)
        .map(streams -> targets.get(streams.getKey()))
        .findAny()
        .orElseThrow();
  }

  private Gateway.Answer during(Callable<?> event) throws Exception {
    return gateway.answerDuring(PROMPT, TOKENS, event);
  }

  /** An answer in whose midst a container stands still for ten seconds. */
  private Gateway.Answer whilePaused(Callable<Service> container) throws Exception {
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      List<Future<?>> unpaused = new ArrayList<>();
      Gateway.Answer answer =
          during(
              () -> {
                Service paused = container.call().pause();
                unpaused.add(
                    other.submit(
                        () -> {
                          Thread.sleep(PAUSE_MILLIS);
                          return paused.unpause();
                        }));
                return paused;
              });
      unpaused.getFirst().get();
      return answer;
    }
  }
}
