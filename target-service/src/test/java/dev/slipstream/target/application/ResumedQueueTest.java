package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whoever says that an answer was begun elsewhere is believed, within bounds: or one word would
 * take the limit off a queue, and everybody's memory and turn with it.
 */
@Timeout(60)
class ResumedQueueTest extends DecodeLoopFixture {
  private static final int QUEUED = 2;
  private static final int RESERVE = 3;

  private final List<String> order = new CopyOnWriteArrayList<>();

  /** One sequence runs, and none of those that come can be admitted. */
  @BeforeEach
  void begin() {
    start(new LoopSettings(64, 4096, 64, 16, 1, QUEUED, RESERVE, 4));
    model.gate = new Semaphore(0);
    decode(prompt(10, 0), 3);
  }

  @AfterTry
  void endTry() {
    stop();
  }

  private Answer submit(boolean resumed) {
    Answer answer = new Answer();
    answer.onStep = step -> order.add(resumed ? "resumed" : "new");
    return submit(
        new DecodeTask(
            new TaskOwner("", ""),
            prompt(10, 2),
            resumed ? 1 : 0,
            SamplingParams.greedy(),
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(resumed ? 2 : 1, false, Set.of()),
            DecodeTask.NO_LOGPROBS,
            new DecodeTask.Speculation(true, 9, "", "")),
        answer);
  }

  /** They have all come by the time that the first one is done. */
  private long refused(List<Answer> answers) {
    model.gate.release(1 << 20);
    return answers.stream().filter(ResumedQueueTest::isRefused).count();
  }

  private static boolean isRefused(Answer answer) {
    return answer.end() instanceof DecodeFailure.QueueFull;
  }

  @Test
  void aFloodOfAnswersThatSayTheyWereBegunIsRefusedBeyondTheReserve() {
    List<Answer> flood = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      flood.add(submit(true));
    }
    assertThat(refused(flood)).isEqualTo(50 - QUEUED - RESERVE);
  }

  @Test
  void aFullQueueKeepsItsReserve() {
    List<Answer> all = new ArrayList<>();
    for (int i = 0; i < QUEUED; i++) {
      all.add(submit(false));
    }
    for (int i = 0; i < RESERVE + 1; i++) {
      all.add(submit(true));
    }
    assertThat(refused(all)).isEqualTo(1);
    assertThat(isRefused(all.getLast())).isTrue();
  }

  /** New ones would wait for as long as somebody says that he was first. */
  @Test
  void newAndResumedAnswersTakeTurns() {
    List<Answer> all = new ArrayList<>();
    all.add(submit(false));
    all.add(submit(false));
    for (int i = 0; i < RESERVE; i++) {
      all.add(submit(true));
    }
    model.gate.release(1 << 20);
    all.forEach(Answer::outcome);
    assertThat(order).containsExactly("resumed", "new", "resumed", "new", "resumed");
  }

  /** Whatever comes in whatever order, so many wait at most, and new ones never in the reserve. */
  @Property(tries = 60)
  void neitherKindGoesBeyondItsBounds(@ForAll @IntRange(max = 12) List<Boolean> kinds) {
    begin();
    List<Answer> all = kinds.stream().map(this::submit).toList();
    model.gate.release(1 << 20);
    for (boolean kind : new boolean[] {false, true}) {
      long served = 0;
      for (int i = 0; i < all.size(); i++) {
        served += kinds.get(i) == kind && !isRefused(all.get(i)) ? 1 : 0;
      }
      assertThat(served).isLessThanOrEqualTo(kind ? QUEUED + RESERVE : QUEUED);
    }
    assertThat(all.stream().filter(a -> !isRefused(a)).count())
        .isLessThanOrEqualTo(QUEUED + RESERVE);
  }
}
