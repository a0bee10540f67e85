package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;

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

  @Test
  void restartingOneTargetAfterTheOtherFailsNoRequestAndChangesNoAnswer() throws Exception {
    Load load = Load.start(stack.gateway(), CLIENTS);
    try (load) {
      for (Service target : stack.containers("target")) {
        load.awaitMore(SOME);
        target.restart();
        load.awaitMore(SOME);
        stack.restore();
      }
      load.awaitMore(SOME);
    }
    System.out.printf("Rolling restart: %d answers%n", load.answered());
    assertThat(load.faults()).isEmpty();
  }
}
