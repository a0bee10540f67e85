package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.BracketRule;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import dev.slipstream.engine.sampling.TokenRule;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.target.spi.AdmissionOrder;
import dev.slipstream.target.spi.DraftAllocator;
import dev.slipstream.target.spi.PassObserver.Pass;
import dev.slipstream.target.toy.LikeliestNodesFirst;
import dev.slipstream.target.toy.ShortestPromptFirst;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Techniques decide who comes when and what is tried, and never what an answer says. */
@Timeout(60)
class TechniquesTest extends DecodeLoopFixture {
  private static Techniques order(AdmissionOrder order) {
    return new Techniques(order, DraftAllocator.ARRIVAL, List.of());
  }

  private static Techniques allocator(DraftAllocator allocator) {
    return new Techniques(AdmissionOrder.ARRIVAL, allocator, List.of());
  }

  private List<Integer> orderOf(int... promptLengths) {
    model.gate = new Semaphore(0);
    decode(prompt(10, 0), 3);
    List<Integer> order = new CopyOnWriteArrayList<>();
    List<Answer> answers = new ArrayList<>();
    for (int length : promptLengths) {
      Answer answer = new Answer();
      answer.onStep = step -> order.add(length);
      answers.add(submit(task(prompt(length, 1), 1), answer));
    }
    model.gate.release(1 << 20);
    answers.forEach(Answer::outcome);
    return order;
  }

  @Test
  void sequencesAreLetInAsTheyCameUnlessATechniqueSaysOtherwise() {
    start(settings(64, 64, 1));
    assertThat(orderOf(50, 12, 30)).containsExactly(50, 12, 30);
    loop.close();
    techniques = order(new ShortestPromptFirst());
    start(settings(64, 64, 1));
    assertThat(orderOf(50, 12, 30)).containsExactly(12, 30, 50);
  }

  /** Or it would begin anew for ever, while others pass it. */
  @Test
  void aSequenceThatLostItsPlaceComesBackBeforeShorterOnes() {
    techniques = order(new ShortestPromptFirst());
    start(settings(12, 64, 2));
    model.gate = new Semaphore(0);
    List<Integer> finished = new CopyOnWriteArrayList<>();
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      int length = 40 - i;
      int tokens = i < 2 ? 100 : 60;
      Answer answer = new Answer();
      answer.onStep =
          step -> {
            if (step.baseLength() + step.tokens().size() == length + tokens) {
              finished.add(number);
            }
          };
      answers.add(submit(task(prompt(length, i), tokens), answer));
    }
    model.gate.release(1 << 20);

    for (int i = 0; i < 5; i++) {
      assertThat(answers.get(i).tokens())
          .isEqualTo(model.greedy(prompt(40 - i, i), i < 2 ? 100 : 60));
    }
    assertThat(counter("slipstream.num.preemptions")).isPositive();
    assertThat(finished.subList(0, 2)).containsExactly(0, 1);
  }

  /** The older sequence has drafts that are always wrong, and its gate is slow to see that. */
  private int stepsBesideWrongDrafts(Techniques chosen) {
    techniques = chosen;
    // Four rows are left to drafts.
    start(
        new LoopSettings(64, 4096, 6, 6, 2, 10, 10, 16),
        model,
        PassCost.of(Map.of(1, 1.0, 6, 1.0001)));
    model.gate = new Semaphore(0);
    Answer wrong = submitWithDrafts(task(prompt(5, 1), 60), i -> 298 - i % 7);
    List<Integer> expected = model.greedy(prompt(5, 2), 60);
    Answer right = submitWithDrafts(task(prompt(5, 2), 60), expected::get);
    model.gate.release(1 << 20);

    assertThat(wrong.tokens()).isEqualTo(model.greedy(prompt(5, 1), 60));
    assertThat(right.tokens()).isEqualTo(expected);
    loop.close();
    return right.steps.size();
  }

  @Test
  void rowsGoToTheDraftsThatATechniqueThinksBetterOf() {
    assertThat(stepsBesideWrongDrafts(allocator(new LikeliestNodesFirst())))
        .as("passes for 60 tokens, against first come, first served")
        .isLessThan(stepsBesideWrongDrafts(Techniques.NONE));
  }

  /** A technique may ask for anything. */
  @Test
  void anAllocatorThatAsksForTooMuchGetsNothingAndHarmsNobody() {
    techniques =
        allocator(
            (candidates, rows) -> {
              for (DraftAllocator.Candidate draft : candidates) {
                assertThat(draft.verify(rows + 1)).isFalse();
                assertThat(draft.verify(-1)).isFalse();
                assertThat(draft.verify(1)).isTrue();
                assertThat(draft.verify(1)).as("twice").isFalse();
              }
            });
    start(settings(64, 256, 1));
    List<Integer> expected = model.greedy(prompt(20, 1), 40);
    Answer answer = submitWithDrafts(task(prompt(20, 1), 40), expected::get);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted())
        .isPositive()
        .isEqualTo(answer.outcome().speculation().rounds());
  }

  @Test
  void anObserverHearsOfEveryPass() {
    List<Pass> seen = new CopyOnWriteArrayList<>();
    techniques = new Techniques(AdmissionOrder.ARRIVAL, DraftAllocator.ARRIVAL, List.of(seen::add));
    start(settings(64, 16, 1));
    decode(prompt(40, 1), 5).outcome();
    loop.close();

    assertThat(seen.stream().mapToInt(Pass::rows)).containsExactly(40, 1, 1, 1, 1);
    assertThat(seen.stream().map(Pass::answersOnly)).containsExactly(false, true, true, true, true);
    assertThat(seen.stream().mapToLong(Pass::kvTokens)).containsExactly(0L, 40L, 41L, 42L, 43L);
    assertThat(seen.stream().mapToDouble(Pass::seconds)).allMatch(seconds -> seconds > 0);
  }

  @Test
  void aPassIsThatOfAllItsSequences() {
    List<Pass> seen = new CopyOnWriteArrayList<>();
    techniques = new Techniques(AdmissionOrder.ARRIVAL, DraftAllocator.ARRIVAL, List.of(seen::add));
    start(settings(64, 64, 2));
    model.gate = new Semaphore(0);
    Answer first = decode(prompt(10, 1), 3);
    while (!model.gate.hasQueuedThreads()) {
      Thread.onSpinWait();
    }
    Answer second = decode(prompt(20, 2), 3);
    model.gate.release(1 << 20);
    first.outcome();
    second.outcome();
    loop.close();

    assertThat(seen.stream().mapToInt(Pass::rows)).containsExactly(10, 1 + 20, 2, 1);
    assertThat(seen.stream().mapToLong(Pass::kvTokens)).containsExactly(0L, 10L, 11L + 20L, 21L);
    assertThat(seen.stream().mapToInt(Pass::longestText)).containsExactly(0, 10, 20, 21);
    assertThat(seen.stream().map(Pass::answersOnly)).containsExactly(false, false, true, true);
  }

  /** Drafts are tried along the rule, and a preempted or resumed sequence keeps its place in it. */
  @Test
  void answersObeyTheirRuleWithAndWithoutDraftsAndInCompany() {
    ToyModel flat = new ToyModel(0);
    SamplingParams sampling =
        new SamplingParams(1, new Cutoffs(4, 1, 0), Penalties.NONE, brackets(), 7);
    start(settings(64, 64, 1), flat);
    List<Integer> plain = submit(ruled(prompt(20, 1), sampling, 0), new Answer()).tokens();
    assertThat(BracketRule.allows(plain)).isTrue();
    assertThat(plain).contains(BracketRule.OPEN, BracketRule.CLOSE);
    loop.close();

    start(settings(12, 64, 4), flat);
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int[] prompt = prompt(20, 1);
      answers.add(
          submitWithDrafts(ruled(prompt, sampling, 16), j -> j % 5 == 4 ? 9 : plain.get(j)));
    }
    answers.forEach(answer -> assertThat(answer.tokens()).isEqualTo(plain));
    assertThat(counter("slipstream.num.preemptions")).isPositive();
    assertThat(answers.getFirst().outcome().speculation().accepted()).isPositive();
  }

  /** So that brackets come up often. */
  private static Map<Integer, Float> brackets() {
    return Map.of(BracketRule.OPEN, 3f, BracketRule.CLOSE, 3f, 2, 3f);
  }

  private DecodeTask ruled(int[] prompt, SamplingParams sampling, int maxDraftTokens) {
    DecodeTask task = task(prompt, 80, sampling, maxDraftTokens);
    return new DecodeTask(
        task.caller(),
        prompt,
        0,
        sampling,
        () -> (TokenRule) new BracketRule(prompt.length),
        task.ending(),
        task.topLogprobs(),
        task.speculation());
  }
}
