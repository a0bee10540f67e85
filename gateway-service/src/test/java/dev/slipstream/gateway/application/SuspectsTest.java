package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.application.Suspects.Turn;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Whoever breaks this refuses answers that only were there when a target died. */
class SuspectsTest {
  private final AtomicLong nanos = new AtomicLong(-3);
  private final Suspects suspects = new Suspects(nanos::get);

  private void settle() {
    nanos.addAndGet(Suspects.SETTLING.toNanos());
  }

  @Test
  void whoeverIsNoSuspectMayGo() {
    suspects.add("other");
    assertThat(suspects.turn("a")).isEqualTo(Turn.GO);
  }

  @Test
  void anAnswerThatIsAloneIsWhatTheLossesHaveInCommon() {
    suspects.add("a");
    assertThat(suspects.turn("a")).as("others may still hear of it").isEqualTo(Turn.WAIT);
    settle();
    assertThat(suspects.turn("a")).isEqualTo(Turn.GUILTY);
  }

  @Test
  void severalGoOneAtATime() {
    suspects.add("a");
    suspects.add("b");
    suspects.add("c");
    settle();
    assertThat(suspects.turn("a")).isEqualTo(Turn.GO);
    assertThat(suspects.turn("b")).isEqualTo(Turn.WAIT);
    suspects.clear("a");
    assertThat(suspects.turn("b")).isEqualTo(Turn.GO);
    suspects.clear("b");
    assertThat(suspects.turn("c")).as("it was not alone then").isEqualTo(Turn.GO);
    assertThat(suspects.turn("a")).isEqualTo(Turn.GO);
  }

  @Test
  void anEarlierLossIsAnotherMatter() {
    suspects.add("a");
    suspects.add("b");
    settle();
    suspects.add("c");
    settle();
    assertThat(suspects.turn("c")).isEqualTo(Turn.GUILTY);
    assertThat(suspects.turn("a")).isEqualTo(Turn.GO);
  }
}
