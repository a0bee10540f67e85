package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The images on a real network. Without this nobody knows whether compose's stack answers. */
@ExtendWith(SharedStack.class)
class StackTest {

  private final Stack stack;

  StackTest(Stack stack) {
    this.stack = stack;
  }

  @BeforeEach
  void restore() throws Exception {
    stack.restore();
  }

  @Test
  void answers() throws Exception {
    assertThat(stack.gateway().answer("What is the capital of France?", 24).text())
        .contains("Paris");
  }

  @Test
  void bothTargetsWork() throws Exception {
    List<String> targets = stack.containers("target");
    assertThat(targets).hasSize(2);
    Gateway gateway = stack.gateway();
    List<Callable<String>> chats =
        IntStream.range(0, 6)
            .<Callable<String>>mapToObj(
                i -> () -> gateway.answer("Count from " + i + " on.", 32).text())
            .toList();
    try (ExecutorService clients = Executors.newCachedThreadPool()) {
      for (Future<String> answer : clients.invokeAll(chats)) {
        assertThat(answer.get()).isNotEmpty();
      }
    }
    for (String target : targets) {
      assertThat(stack.metric("target", target, "slipstream_generation_tokens_total")).isPositive();
    }
  }
}
