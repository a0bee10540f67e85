package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Named;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.gateway.upstream.BreakerState;
import dev.slipstream.proto.v1.SamplingParams;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One user's query of death must not take the targets from all others. */
@Timeout(120)
class QuarantineTest extends TwoTargets {
  private static final Caller GOOD = new Named("good");
  private static final Caller BAD = new Named("bad");
  private static final List<Integer> POISON = TestVocabulary.tokens("poison");

  private volatile Status failure = Status.INTERNAL.withDescription("broken");

  @BeforeEach
  void script() {
    List.of(first, second).forEach(target -> target.script(this::answerOrFail));
  }

  private void answerOrFail(FakeDecode decode) {
    decode.started();
    if (Collections.indexOfSubList(decode.start().getPromptList(), POISON) >= 0) {
      decode.fail(failure);
    } else {
      decode.commit("ok").finishByEnd();
    }
  }

  private double asked() {
    return bench.counter("slipstream.target.requests");
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"INTERNAL", "UNKNOWN", "DATA_LOSS"})
  void aRequestThatTwoTargetsFailOverIsRefusedAndRemembered(Status.Code code) {
    failure = code.toStatus().withDescription("broken");
    ApiError error = bench.begin(Bench.chat("poison"), BAD).error();
    assertThat(error).isInstanceOf(ApiError.Quarantined.class);
    assertThat(error.message()).contains("broken", "60 s");
    assertThat(asked()).isEqualTo(2);

    assertThat(bench.begin(Bench.chat("poison"), BAD).error())
        .isInstanceOf(ApiError.Quarantined.class);
    assertThat(asked()).as("no target hears of it again").isEqualTo(2);
    assertThat(bench.counter("slipstream.requests.quarantined")).isEqualTo(2);
  }

  @Test
  void noFloodOfSuchRequestsClosesTheTargetsToOthers() {
    for (int i = 0; i < 40; i++) {
      List<Exchange> flood = new ArrayList<>();
      for (int j = 0; j < 3; j++) {
        flood.add(bench.begin(Bench.chat("poison %d %d".formatted(i, j)), BAD));
      }
      assertThat(bench.begin(Bench.chat("hi " + i), GOOD).answer()).isEqualTo("ok");
      flood.forEach(bad -> assertThat(bad.error()).isInstanceOf(ApiError.Quarantined.class));
      for (FakeTarget target : List.of(first, second)) {
        assertThat(bench.endpoint(target).breaker()).isEqualTo(BreakerState.CLOSED);
      }
    }
    assertThat(bench.counter("slipstream.request.retries"))
        .as("none of the good ones")
        .isEqualTo(120);
  }

  @Test
  void onlyTheSameRequestOfTheSameTenantIsRefused() {
    bench.begin(Bench.chat("poison"), BAD).error();
    List.of(first, second).forEach(target -> target.says("ok"));

    assertThat(bench.begin(Bench.chat("poison"), GOOD).answer()).isEqualTo("ok");
    assertThat(bench.begin(Bench.chat("poison!"), BAD).answer()).isEqualTo("ok");
    var cooler = SamplingParams.newBuilder().setTemperature(0.5f);
    assertThat(bench.begin(Bench.chat("poison").setSampling(cooler), BAD).answer()).isEqualTo("ok");
    assertThat(bench.begin(Bench.chat("poison"), BAD).error())
        .isInstanceOf(ApiError.Quarantined.class);
  }

  /** A client that sees a stream has tokens; they must not make the poison look harmless. */
  @Test
  void aRequestThatFailsInTheMiddleAtTheSamePlaceIsRefusedToo() {
    List.of(first, second)
        .forEach(
            target ->
                target.script(
                    decode -> {
                      decode.started();
                      if (decode.start().getResumedTokens() == 0) {
                        decode.commit("x");
                      }
                      decode.fail(failure);
                    }));
    Exchange bad = bench.begin(Bench.chat("any"), BAD);
    assertThat(bad.error()).isInstanceOf(ApiError.Quarantined.class);
    assertThat(bad.text(0)).isEqualTo("x");
    assertThat(asked()).isEqualTo(2);
  }

  @Test
  void aRequestThatKillsTargetsIsStoppedAfterTheSecond() {
    failure = Status.UNAVAILABLE.withDescription("connection reset");
    assertThat(bench.begin(Bench.chat("poison"), BAD).error())
        .isInstanceOf(ApiError.Quarantined.class);
    assertThat(asked()).isEqualTo(2);
    assertThat(bench.begin(Bench.chat("poison"), BAD).error())
        .isInstanceOf(ApiError.Quarantined.class);
    assertThat(asked()).isEqualTo(2);
  }

  /** They were being computed at the same two targets, and none had a token there. */
  @Test
  void answersThatOnlyWereThereWhenTargetsDiedAreAnswered() {
    List.of(first, second).forEach(target -> target.script(decode -> {}));
    Exchange poisoned = bench.begin(Bench.chat("poison"), BAD);
    Exchange one = bench.begin(Bench.chat("one"), GOOD);
    Exchange two = bench.begin(Bench.chat("two"), GOOD);
    for (int loss = 0; loss < 2; loss++) {
      List<FakeDecode> inFlight = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        inFlight.add(nextOfAny().started());
      }
      if (loss == 1) {
        List.of(first, second).forEach(target -> target.script(this::answerOrFail));
        failure = Status.UNAVAILABLE.withDescription("connection reset");
      }
      inFlight.forEach(decode -> decode.fail(Status.UNAVAILABLE));
    }
    assertThat(one.answer()).isEqualTo("ok");
    assertThat(two.answer()).isEqualTo("ok");
    assertThat(poisoned.error()).isInstanceOf(ApiError.Quarantined.class);
  }

  private FakeDecode nextOfAny() {
    Bench.await().until(() -> !first.isIdle() || !second.isIdle());
    return (first.isIdle() ? second : first).next();
  }

  /** An upgrade stops one target after the other, in good order. */
  @Test
  void targetsThatLeaveInGoodOrderMakeNobodySuspicious() {
    for (FakeTarget target : List.of(first, second)) {
      target.script(
          decode -> {
            target.script(this::answerOrFail);
            decode.started().fail(Status.ABORTED.withDescription("shutting down"));
          });
    }
    assertThat(bench.begin(Bench.chat("hi"), GOOD).answer()).isEqualTo("ok");
  }

  @Test
  void aTargetThatFailsWhatTheOtherDoesIsLeftAlone() {
    first.script(decode -> decode.started().fail(failure));
    second.says("ok");
    for (int i = 0; i < 20; i++) {
      assertThat(bench.begin(Bench.chat("question " + i), GOOD).answer()).isEqualTo("ok");
    }
    assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.OPEN);
    assertThat(bench.endpoint(second).breaker()).isEqualTo(BreakerState.CLOSED);
  }

  @Test
  void aTargetThatIsAloneIsNeverClosed() {
    second.close();
    bench.awaitUp(1);
    for (int i = 0; i < 20; i++) {
      assertThat(bench.begin(Bench.chat("poison " + i), BAD).error())
          .isInstanceOf(ApiError.Internal.class);
    }
    assertThat(bench.begin(Bench.chat("hi"), GOOD).answer()).isEqualTo("ok");
    assertThat(bench.endpoint(first).breaker()).isEqualTo(BreakerState.CLOSED);
  }
}
