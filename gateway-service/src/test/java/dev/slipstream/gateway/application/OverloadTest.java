package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDraft;
import dev.slipstream.gateway.fake.FakeTarget;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever breaks this lets answers pile up that nobody can serve or that nobody waits for. */
@Timeout(120)
class OverloadTest {
  private final FakeTarget target = FakeTarget.start();
  private final FakeDraft draft = FakeDraft.start();
  private Bench bench;

  private void start(int answers, Duration answerLimit) {
    bench =
        new Bench(
            List.of(target),
            List.of(draft),
            new GenerationSettings(answers, answerLimit, Duration.ZERO, Duration.ofMinutes(1)));
  }

  @AfterEach
  void stop() {
    bench.close();
    target.close();
    draft.close();
  }

  @Test
  void answersBeyondTheLimitAreRefusedUntilOthersAreOver() {
    start(2, Duration.ofMinutes(1));
    Exchange one = bench.begin(Bench.chat("1"));
    var first = target.next();
    Exchange two = bench.begin(Bench.chat("2"));
    var second = target.next();
    assertThat(bench.begin(Bench.chat("3")).error()).isInstanceOf(ApiError.Busy.class);

    one.leave();
    first.awaitCancel();
    second.started().commit("two").finishByEnd();
    assertThat(two.answer()).isEqualTo("two");
    target.says("ok");
    assertThat(bench.begin(Bench.chat("4")).answer()).isEqualTo("ok");
  }

  @Test
  void anAnswerThatTakesTooLongIsEndedEverywhere() {
    start(2, Duration.ofMillis(300));
    Exchange chat = bench.begin(Bench.chat("hi"));
    var stream = draft.next();
    target.next().started().awaitCancel();
    stream.awaitCancel();
    assertThat(chat.error()).isInstanceOf(ApiError.TimedOut.class);
  }

  @Test
  void aClientThatLeavesFreesTargetAndDraft() {
    start(2, Duration.ofMinutes(1));
    Exchange chat = bench.begin(Bench.chat("hi"));
    var stream = draft.next();
    var decode = target.next().started();
    chat.leave();
    decode.awaitCancel();
    stream.awaitCancel();
    Bench.await().until(() -> bench.endpoint(target).inFlight() == 0);
  }
}
