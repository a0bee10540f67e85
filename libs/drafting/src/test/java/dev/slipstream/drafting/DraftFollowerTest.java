package dev.slipstream.drafting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.drafting.toy.CountingDrafter;
import dev.slipstream.drafting.toy.KeptProposals;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Drafts that come for another text, too often, or never, cost the answer its time. */
class DraftFollowerTest {
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final CountingDrafter drafter = new CountingDrafter(32);
  private final KeptProposals sink = new KeptProposals();

  private DraftFollower open(int... prompt) {
    DraftFollower follower =
        new DraftFollower(
            drafter,
            new DraftContext(SamplingParams.greedy(), "tenant", new TargetFeatures(5)),
            new DraftFollower.Pace(8, new Resting(2, 4)),
            tasks::add,
            sink);
    follower.advance(Progress.of(prompt), 1);
    return follower;
  }

  private void advance(DraftFollower follower, int wanted, int... tokens) {
    follower.advance(Progress.of(tokens), wanted);
    runAll();
  }

  private void runAll() {
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }
  }

  @Test
  void thePromptIsContinuedAtOnce() {
    open(1, 2, 3);
    runAll();

    Proposed first = sink.proposals.getFirst();
    assertThat(first.baseLength()).isEqualTo(3);
    assertThat(first.drafter()).isEqualTo("counting");
    assertThat(first.tree().token(0)).isEqualTo(4);
    assertThat(first.tree().size()).isEqualTo(8);
    assertThat(first.seconds()).isPositive();
    assertThat(first.teacherTokens()).as("no more than the target offers").isEqualTo(5);
    assertThat(drafter.context.tenant()).isEqualTo("tenant");
  }

  @Test
  void laterProposalsHaveLaterEpochs() {
    DraftFollower follower = open(1, 2, 3);
    runAll();
    advance(follower, 4, 40);

    assertThat(sink.proposals).extracting(Proposed::epoch).containsExactly(1L, 2L);
    assertThat(sink.proposals.get(1).tree().token(0)).isEqualTo(41);
  }

  /** A host becomes ready again after each message; it must not get the same draft each time. */
  @Test
  void ofATextThatHasNotMovedNothingIsSaidTwice() {
    DraftFollower follower = open(1, 2, 3);
    runAll();
    follower.ready();
    runAll();
    advance(follower, 4);

    assertThat(sink.proposals).hasSize(1);
  }

  @Test
  void aDrafterWhoseLastTreeStillServesIsHeardAgainWhenItHasNews() {
    DraftFollower follower = open(1, 2, 3);
    runAll();
    drafter.hasNews = false;
    advance(follower, 4, 4, 5);
    assertThat(sink.proposals).hasSize(1);

    drafter.hasNews = true;
    advance(follower, 4, 6);
    assertThat(sink.proposals).hasSize(2);
    assertThat(sink.proposals.get(1).baseLength()).isEqualTo(6);
  }

  @Test
  void progressThatArrivesWhileTheDrafterWorksIsTakenTogether() {
    DraftFollower follower = open(1, 2, 3);
    VerifiedDraft one = new VerifiedDraft(3, 2, 1, Optional.empty());
    VerifiedDraft other = new VerifiedDraft(5, 2, 0, Optional.empty());
    follower.advance(new Progress(new int[] {20, 21}, List.of(one)), 4);
    follower.advance(new Progress(new int[] {31}, List.of(other)), 4);
    runAll();

    assertThat(sink.proposals).hasSize(1);
    assertThat(sink.proposals.getFirst().baseLength()).isEqualTo(6);
    assertThat(sink.proposals.getFirst().tree().token(0)).isEqualTo(32);
    assertThat(drafter.verified).containsExactly(one, other);
  }

  /** Or it waits for a draft that will not come; but an idle text must not go on talking. */
  @Test
  void aTargetThatCouldUseADraftHearsOnceThatNothingIsKnown() {
    drafter.knowsNothing = true;
    DraftFollower follower = open(1, 2, 3);
    runAll();
    advance(follower, 4, 9);
    follower.ready();
    runAll();
    advance(follower, 0, 10);

    assertThat(sink.proposals).extracting(Proposed::baseLength).containsExactly(3, 4);
    assertThat(sink.proposals).allMatch(p -> p.tree().isEmpty());
  }

  @Test
  void aRestingTargetIsSentAShortProposalNowAndThen() {
    DraftFollower follower = open(1, 2, 3);
    runAll();
    sink.proposals.clear();
    for (int i = 0; i < 12; i++) {
      advance(follower, 0, 100 * (i + 1));
    }

    assertThat(sink.proposals).hasSize(3).allSatisfy(p -> assertThat(p.tree().size()).isEqualTo(2));
  }

  @Test
  void aHostThatCannotSendGetsTheProposalWhenItCan() {
    sink.ready = false;
    DraftFollower follower = open(1, 2, 3);
    runAll();
    advance(follower, 4, 9);
    assertThat(sink.proposals).isEmpty();

    sink.ready = true;
    follower.ready();
    runAll();

    assertThat(sink.proposals.getFirst().tree().token(0)).isEqualTo(10);
  }

  @Test
  void closingEndsTheSessionEvenWhileTheDrafterWorks() {
    DraftFollower waiting = open(1, 2, 3);
    waiting.close();
    assertThat(drafter.open).as("the run has it").isEqualTo(1);
    runAll();
    assertThat(drafter.open).isZero();
    assertThat(sink.proposals).isEmpty();

    DraftFollower idle = open(1);
    runAll();
    idle.close();
    idle.close();
    advance(idle, 1, 2);
    assertThat(drafter.open).isZero();
  }

  /** Or its host would wait for proposals that never come. */
  @Test
  void aDrafterThatBreaksEndsItsTextAndTheHostHearsOfIt() {
    for (Throwable broken :
        List.of(new IllegalStateException("broken"), new StackOverflowError())) {
      drafter.broken = broken;
      open(1);
      runAll();

      assertThat(sink.failure).isSameAs(broken);
      assertThat(drafter.open).isZero();
    }
  }

  @Test
  void aHostThatGoesDownIsNotDisturbed() {
    DraftFollower follower =
        new DraftFollower(
            drafter,
            new DraftContext(SamplingParams.greedy(), "", TargetFeatures.NONE),
            new DraftFollower.Pace(8, Resting.DEFAULT),
            task -> {
              throw new RejectedExecutionException();
            },
            sink);
    follower.advance(Progress.of(1), 1);
    follower.close();

    assertThat(sink.failure).isNull();
    assertThat(drafter.open).isZero();
  }
}
