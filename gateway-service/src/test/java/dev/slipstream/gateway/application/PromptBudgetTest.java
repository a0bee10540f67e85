package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.slipstream.gateway.fake.Named;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** Without it, requests that wait fill the heap, and all answers of the gateway end with it. */
class PromptBudgetTest {
  private static final Caller A = new Named("a");
  private static final Caller B = new Named("b");
  private static final Caller C = new Named("c");

  private final PromptBudget budget =
      new PromptBudget(8, 1000, new GatewayMetrics(new SimpleMeterRegistry()));
  private final List<Disposable> held = new ArrayList<>();

  private boolean holds(Caller caller, long bytes) {
    List<Throwable> refused = new ArrayList<>();
    Disposable holding =
        budget.bounded(caller, bytes, Mono.never()).subscribe(v -> {}, refused::add);
    if (refused.isEmpty()) {
      held.add(holding);
    }
    return refused.isEmpty();
  }

  @Test
  void oneCallerGetsHalfOfThePlaces() {
    for (int i = 0; i < 4; i++) {
      assertThat(holds(A, 1)).isTrue();
    }
    assertThat(holds(A, 1)).isFalse();
    assertThat(holds(B, 1)).isTrue();
  }

  @Test
  void oneCallerGetsHalfOfTheBytes() {
    assertThat(holds(A, 300)).isTrue();
    assertThat(holds(A, 300)).isFalse();
    assertThat(holds(B, 300)).isTrue();
  }

  @Test
  void allTogetherGetNoMoreThanThereIs() {
    assertThat(holds(A, 400)).isTrue();
    assertThat(holds(B, 400)).isTrue();
    assertThat(holds(C, 400)).isFalse();
    assertThat(budget.bytes()).isEqualTo(800);
  }

  /** Its size has a limit of its own, which may be larger. */
  @Test
  void aSingleLargeRequestIsTaken() {
    assertThat(holds(A, 5000)).isTrue();
    assertThat(holds(A, 1)).isFalse();
  }

  @Test
  void whatIsOverIsFreeHoweverItEnds() {
    budget.bounded(A, 500, Mono.just("done")).block();
    catchThrowableOfType(
        IllegalStateException.class,
        () -> budget.bounded(A, 500, Mono.error(new IllegalStateException())).block());
    assertThat(holds(A, 500)).isTrue();
    held.getFirst().dispose();
    assertThat(budget.bytes()).isZero();
    assertThat(holds(A, 500)).isTrue();
  }

  @Test
  void whoIsRefusedIsToldToComeBack() {
    holds(A, 500);
    ApiException refused =
        catchThrowableOfType(
            ApiException.class, () -> budget.bounded(A, 100, Mono.just("never")).block());
    assertThat(refused.error()).isInstanceOf(ApiError.Busy.class);
  }
}
