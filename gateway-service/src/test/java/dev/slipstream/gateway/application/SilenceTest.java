package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A target that was paused, or cut off without a word, says nothing and closes nothing. Whoever
 * breaks this lets its clients wait as long as it does.
 */
@Timeout(120)
class SilenceTest {
  private final FakeTarget first = FakeTarget.start();
  private final FakeTarget second = FakeTarget.start();
  private final Bench bench =
      new Bench(List.of(first, second), List.of(), Bench.SETTINGS, Duration.ofMillis(500));

  @AfterEach
  void stop() {
    bench.close();
    first.close();
    second.close();
  }

  @Test
  void aTargetThatFallsSilentLosesItsAnswerToTheOther() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    FakeDecode silent = first.next().started().commit("Hel");
    chat.awaitText("Hel");
    first.mute();
    second.next().started().commit("lo").finishByEnd();

    assertThat(chat.answer()).isEqualTo("Hello");
    silent.awaitCancel();
    first.unmute();
    bench.awaitUp(2);
  }

  @Test
  void aSilentTargetKeepsItsAnswerIfThereIsNoOther() {
    second.close();
    bench.awaitUp(1);
    Exchange chat = bench.begin(Bench.chat("hi"));
    FakeDecode only = first.next().started().commit("Hel");
    chat.awaitText("Hel");
    first.mute();
    bench.awaitUp(0);
    only.commit("lo").finishByEnd();

    assertThat(chat.answer()).isEqualTo("Hello");
    first.unmute();
  }
}
