package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What operators would lose: the freedom to restart a target while it is in use. */
@ExtendWith(SharedStack.class)
class RestartTest {
  private static final int CLIENTS = 6;

  /** Answers that show that clients go on. */
  private static final int SOME = 2 * CLIENTS;

  private final Stack stack;

  RestartTest(Stack stack) {
    this.stack = stack;
  }

  @BeforeEach
  void restore() throws Exception {
    stack.restore();
  }

  @Test
  void restartingOneTargetAfterTheOtherFailsNoRequestAndChangesNoAnswer() throws Exception {
    Load load = Load.start(stack.gateway(), CLIENTS);
    try (load) {
      for (String target : stack.containers("target")) {
        awaitMore(load);
        stack.docker().run("restart", "--time", "40", target);
        awaitMore(load);
        stack.awaitHealthy(target);
        stack.awaitTargets();
      }
      awaitMore(load);
    }
    System.out.printf("Rolling restart: %d answers%n", load.answered());
    assertThat(load.faults()).isEmpty();
  }

  private static void awaitMore(Load load) {
    int before = load.answered();
    await().atMost(Stack.PATIENCE).until(() -> load.answered() >= before + SOME);
  }
}
