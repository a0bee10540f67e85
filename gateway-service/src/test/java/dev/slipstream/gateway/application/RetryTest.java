package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.upstream.BreakerState;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever breaks this fails requests that another target would answer, or repeats bad ones. */
@Timeout(120)
class RetryTest extends TwoTargets {

  private static Metadata retryAfter(String millis) {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER), millis);
    return trailers;
  }

  @Test
  void aRequestThatATargetCannotTakeGoesToTheOther() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    first.next().fail(Status.UNAVAILABLE);
    second.next().started().commit("ok").finishByEnd();

    assertThat(chat.answer()).isEqualTo("ok");
    assertThat(chat.finished().resumes()).isZero();
    assertThat(bench.counter("slipstream.request.retries")).isEqualTo(1);
    assertThat(bench.counter("slipstream.request.resumes")).isZero();
  }

  @Test
  void aBusyTargetPassesTheRequestOn() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    first.next().fail(Status.RESOURCE_EXHAUSTED, retryAfter("9000"));
    second.next().started().commit("ok").finishByEnd();

    assertThat(chat.answer()).isEqualTo("ok");
    assertThat(bench.endpoint(first).model()).as("a busy target is a good one").isPresent();
  }

  @Test
  void whenAllAreBusyTheClientIsToldTheShortestWait() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    first.next().fail(Status.RESOURCE_EXHAUSTED, retryAfter("2100"));
    second.next().fail(Status.RESOURCE_EXHAUSTED, retryAfter("9000"));

    assertThat(chat.error())
        .isInstanceOfSatisfying(
            ApiError.Busy.class,
            busy -> assertThat(busy.retryAfter()).isEqualTo(Duration.ofMillis(2100)));
  }

  @Test
  void aBadRequestIsNotTriedAgain() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    first.next().fail(Status.INVALID_ARGUMENT.withDescription("no good"));

    assertThat(chat.error()).isInstanceOf(ApiError.Invalid.class);
    assertThat(chat.error().message()).contains("no good");
    assertThat(second.isIdle()).isTrue();
  }

  @Test
  void aTargetWithLessContextIsNoReplica() {
    again(second, 100);
    Exchange chat = bench.begin(Bench.chat("hi"));
    first.next().fail(Status.INTERNAL.withDescription("broken"));

    assertThat(chat.error().message()).contains("broken");
    assertThat(second.isIdle()).isTrue();
  }

  @Test
  void aTargetWithMoreContextEndsTheAnswerWhereTheFirstWould() {
    again(second, 1000);
    Exchange chat = bench.begin(Bench.chat("hi"));
    first.next().fail(Status.UNAVAILABLE);
    FakeDecode decode = second.next();
    decode.started().finishByEnd();

    chat.answer();
    assertThat(decode.start().getMaxTokens() + decode.start().getPromptCount())
        .isEqualTo(FakeTarget.CONTEXT);
  }

  /** Or the first requests after an installation would fail, although all pods are ready. */
  @Test
  void aRequestThatFindsNoTargetWaitsForOne() {
    first.close();
    second.close();
    bench.awaitUp(0);
    Exchange chat = bench.begin(Bench.chat("hi"));
    second.says("ok");
    second.listen();
    assertThat(chat.answer()).isEqualTo("ok");
  }

  private void again(FakeTarget target, int context) {
    target.close();
    bench.awaitUp(1);
    target.context(context).listen();
    bench.awaitUp(2);
  }

  /** It says what it serves whenever it is asked, and would get every other request for ever. */
  @Test
  void aTargetThatFailsAgainAndAgainIsLeftAlone() {
    first.script(decode -> decode.fail(Status.INTERNAL.withDescription("broken")));
    second.says("ok");
    for (int i = 0; i < 20; i++) {
      assertThat(bench.begin(Bench.chat("question " + i)).answer()).isEqualTo("ok");
    }
    assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.OPEN);
    assertThat(bench.endpoint(first).model()).isPresent();
    assertThat(bench.targets().problems()).contains(first.address());
    assertThat(bench.endpoint(first).opened()).isEqualTo(4);
  }

  @Test
  void aStreamGivesItsPlaceBackOnceHoweverItEnds() {
    begunAtFirst(bench.begin(Bench.chat("one")), "x").fail(Status.INTERNAL);
    FakeDecode resumed = second.next().started().commit("y");
    Exchange left = bench.begin(Bench.chat("another one"));
    first.next().started();
    assertThat(bench.endpoint(first).inFlight()).isEqualTo(1);
    left.leave();
    resumed.finishByEnd();

    Bench.await().until(() -> bench.endpoint(second).inFlight() == 0);
    assertThat(bench.endpoint(first).inFlight()).isZero();
  }
}
