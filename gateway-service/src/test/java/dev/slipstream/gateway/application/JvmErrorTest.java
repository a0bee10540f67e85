package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.upstream.BreakerState;
import dev.slipstream.proto.v1.GenerateRequest;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;

/** A request that nobody ends keeps its client, its place and its target's for an hour. */
@Timeout(120)
class JvmErrorTest extends TwoTargets {
  private int questions;

  enum Kind {
    STACK(StackOverflowError::new, ApiError.Internal.class),
    MEMORY(OutOfMemoryError::new, ApiError.Exhausted.class),
    LINKAGE(NoClassDefFoundError::new, ApiError.Internal.class),
    ASSERTION(AssertionError::new, ApiError.Internal.class);

    private final Supplier<Error> thrown;
    private final Class<? extends ApiError> shown;

    Kind(Supplier<Error> thrown, Class<? extends ApiError> shown) {
      this.thrown = thrown;
      this.shown = shown;
    }
  }

  /** Fails where prompts are prepared, or where tokens are counted. */
  private record Failing(Kind kind, boolean early) implements Caller {
    @Override
    public String name() {
      return "failing";
    }

    @Override
    public String tenant() {
      return "failing";
    }

    @Override
    public void usePrompt(int tokens) {
      if (early) {
        throw kind.thrown.get();
      }
    }

    @Override
    public void useAnswer(int tokens) {
      if (!early) {
        throw kind.thrown.get();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void anErrorWhileAPromptIsPreparedIsAnswered(Kind kind) {
    assertThat(bench.begin(Bench.chat("hi"), new Failing(kind, true)).error())
        .isInstanceOf(kind.shown);
    first.says("ok");
    assertThat(bench.begin(Bench.chat("hi")).answer()).isEqualTo("ok");
  }

  @ParameterizedTest
  @EnumSource
  void anErrorInTheMiddleOfAnAnswerIsAnsweredAndIsNoTargetsFault(Kind kind) {
    Exchange failing = bench.begin(Bench.chat("hi"), new Failing(kind, false));
    FakeDecode decode = first.next().started().commit("x");
    assertThat(failing.error()).isInstanceOf(kind.shown);
    decode.awaitCancel();
    assertThat(second.isIdle()).as("nor worth another try").isTrue();
    assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.CLOSED);
    assertThat(bench.endpoint(first).model()).isPresent();
    Bench.await().until(() -> bench.endpoint(first).inFlight() == 0);
  }

  /** Fails where the first message to a target is made. */
  private record Nameless() implements Caller {
    @Override
    public String name() {
      return "nameless";
    }

    @Override
    public String tenant() {
      throw new OutOfMemoryError("test");
    }

    @Override
    public void usePrompt(int tokens) {}

    @Override
    public void useAnswer(int tokens) {}
  }

  /** Another one each time, or the target that has its beginning gets it. */
  private GenerateRequest.Builder question() {
    return Bench.chat("question " + questions++);
  }

  /** The one try that it gets after its failures must not be lost, or it never gets another. */
  @Test
  void anErrorBeforeATargetIsAskedLeavesNothingTakenFromIt() {
    first.script(decode -> decode.started().fail(Status.INTERNAL));
    second.says("ok");
    for (int i = 0; i < 20; i++) {
      assertThat(bench.begin(question()).answer()).isEqualTo("ok");
    }
    assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.OPEN);
    first.says("ok");
    Bench.await()
        .untilAsserted(
            () -> {
              assertThat(bench.begin(question(), new Nameless()).error())
                  .isInstanceOf(ApiError.Exhausted.class);
              assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.HALF_OPEN);
            });
    Bench.await()
        .untilAsserted(
            () -> {
              assertThat(bench.begin(question()).answer()).isEqualTo("ok");
              assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.CLOSED);
            });
    assertThat(bench.endpoint(first).inFlight()).isZero();
  }

  /** The token is none of the vocabulary, and no text can be made of it. */
  @Test
  void aFailureInTheGatewaysOwnHandlingIsAnswered() {
    Exchange failing = bench.begin(Bench.chat("hi"));
    FakeDecode decode = first.next().started().commit(List.of(1 << 20), 0, 0);
    assertThat(failing.error()).isInstanceOf(ApiError.Internal.class);
    decode.awaitCancel();
    assertThat(bench.endpoint(first).model()).isPresent();
  }

  @Test
  void callbacksThatAreGuardedFailWithAnErrorThatReactorPassesOn() {
    Defects defects = new Defects(new GatewayMetrics(new SimpleMeterRegistry()));
    var failure = new AtomicReference<Throwable>();
    Flux.just(1)
        .map(
            defects.<Integer, Integer>guarded(
                "a test",
                i -> {
                  throw new StackOverflowError();
                }))
        .subscribe(value -> {}, failure::set);
    assertThat(failure.get()).isInstanceOf(ApiException.class);
  }
}
