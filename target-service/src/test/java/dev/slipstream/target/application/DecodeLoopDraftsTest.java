package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.VerifiedDraft;
import dev.slipstream.technique.Lossless;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What drafts may save, and what they must never change. */
@Tag("slow")
@Timeout(60)
class DecodeLoopDraftsTest extends DecodeLoopFixture {
  @Test
  void rightDraftsSaveStepsAndWrongOnesChangeNothing() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(40, 3);
    List<Integer> expected = model.greedy(prompt, 60);

    Answer right = submitWithDrafts(task(prompt, 60), i -> expected.get(i));
    assertThat(right.tokens()).isEqualTo(expected);
    assertThat(right.steps.size()).as("steps with perfect drafts").isLessThan(30);
    assertThat(right.outcome().speculation().accepted()).isGreaterThan(30);
    assertThat(right.outcome().speculation().lossless()).isEqualTo(Lossless.TOKEN);

    Answer mixed = submitWithDrafts(task(prompt, 60), i -> i % 3 == 2 ? 5 : expected.get(i));
    assertThat(mixed.tokens()).isEqualTo(expected);
    assertThat(mixed.outcome().speculation().drafted())
        .isGreaterThan(mixed.outcome().speculation().accepted());
  }

  @Test
  void aSeededSampleIsTheSameWithAndWithoutDraftsAndInCompany() {
    ToyModel flat = new ToyModel(1);
    start(settings(400, 64, 8), flat);
    SamplingParams sampling = SamplingParams.plain(42);
    DecodeTask task = task(prompt(33, 1), 50, sampling, Integer.MAX_VALUE);
    List<Integer> alone = submit(task, new Answer()).tokens();

    List<Answer> company = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      company.add(submit(task(prompt(20 + i, 50 + i), 50), new Answer()));
    }
    Answer drafted = new Answer();
    drafted.onStep = step -> proposeTree(drafted.handle.join(), step, alone);
    submit(task, drafted);

    assertThat(drafted.tokens()).isEqualTo(alone);
    assertThat(drafted.outcome().speculation().accepted()).isPositive();
    company.forEach(Answer::outcome);
  }

  /** Or a client that sends faster than passes go fills the memory of everybody. */
  @Test
  void ofProposalsThatComeDuringAPassOnlyTheNewestIsKept() {
    start(settings(64, 256, 1));
    model.gate = new Semaphore(0);
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 40);
    Answer answer = submit(task(prompt, 40), new Answer());
    while (!model.gate.hasQueuedThreads()) {
      Thread.onSpinWait();
    }
    DecodeHandle handle = answer.handle.join();
    for (int epoch = 1; epoch < 100; epoch++) {
      handle.propose(proposed(epoch, prompt.length, chain(List.of(5, 5, 5))));
    }
    handle.propose(proposed(100, prompt.length, chain(expected.subList(0, 30))));
    assertThat(registry.get("slipstream.spec.decode.num.proposals.dropped").counter().count())
        .isGreaterThanOrEqualTo(98);
    model.gate.release(1 << 20);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted()).isPositive();
  }

  /** When a stream is opened, one that was kept for it may overtake, or be overtaken. */
  @Test
  void ofProposalsInTheWrongOrderTheNewestIsKept() {
    start(settings(64, 256, 1));
    model.gate = new Semaphore(0);
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 40);
    Answer answer = submit(task(prompt, 40), new Answer());
    while (!model.gate.hasQueuedThreads()) {
      Thread.onSpinWait();
    }
    DecodeHandle handle = answer.handle.join();
    handle.propose(proposed(100, prompt.length, chain(expected.subList(0, 30))));
    for (int epoch = 99; epoch > 0; epoch--) {
      handle.propose(proposed(epoch, prompt.length, chain(List.of(5, 5, 5))));
    }
    model.gate.release(1 << 20);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted()).isPositive();
  }

  /** What a drafter learns from: where its token was refused, and what the target thought there. */
  @Test
  void aDrafterThatAsksHearsWhatTheTargetThoughtWhereItWasRefused() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 40);
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          int from = length - prompt.length;
          if (from + 3 < 40) {
            List<Integer> draft = List.of(expected.get(from), expected.get(from + 1), 5);
            answer
                .handle
                .join()
                .propose(new Proposed(length, length, chain(draft), "learner", 0, 3));
          }
        };
    submit(task(prompt, 40), answer);

    assertThat(answer.tokens()).isEqualTo(expected);
    List<CommittedTokens> refused =
        answer.steps.stream()
            .filter(step -> step.verified().flatMap(VerifiedDraft::refusal).isPresent())
            .toList();
    assertThat(refused).isNotEmpty();
    for (CommittedTokens step : refused) {
      VerifiedDraft verified = step.verified().orElseThrow();
      TeacherProbabilities teacher = verified.refusal().orElseThrow();
      assertThat(verified.baseLength()).isEqualTo(step.baseLength());
      assertThat(verified.accepted()).isEqualTo(step.tokens().size() - 1);
      assertThat(teacher.tokens()).hasSize(3);
      assertThat(teacher.tokens()[0]).as("greedy").isEqualTo(step.tokens().getLast());
    }
  }

  @Test
  void aDrafterThatDoesNotAskCostsThePassNothing() {
    start(settings(64, 256, 1));
    Answer answer = submitWithDrafts(task(prompt(20, 2), 40), i -> 298 - i % 7);
    answer.outcome();

    assertThat(answer.anyStep(step -> step.verified().isPresent())).isTrue();
    assertThat(answer.anyStep(s -> s.verified().flatMap(VerifiedDraft::refusal).isPresent()))
        .isFalse();
  }

  @Test
  void aDraftThatComesLateIsUsedAsFarAsItStillFits() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 40);
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          if (step.baseLength() == prompt.length + 5) {
            DraftTree whole = chain(expected.subList(0, 30));
            answer.handle.join().propose(proposed(1, prompt.length, whole));
          }
        };
    submit(task(prompt, 40), answer);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted()).isGreaterThan(10);
  }

  @Test
  void thatADrafterKnowsNothingDoesNotTakeAwayWhatItSaidBefore() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 40);
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          boolean first = step.baseLength() == prompt.length;
          DraftTree draft = first ? chain(expected.subList(1, 40)) : DraftTree.empty();
          answer.handle.join().propose(proposed(length, length, draft));
        };
    submit(task(prompt, 40), answer);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted()).isGreaterThan(10);
  }

  /** This drafter is late for every pass that does not wait. */
  @Test
  void aPassWaitsForADraftThatIsOnItsWay() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 60);
    Answer answer = new Answer();
    try (ExecutorService elsewhere = Executors.newSingleThreadExecutor()) {
      answer.onStep =
          step -> {
            int length = step.baseLength() + step.tokens().size();
            int from = length - prompt.length;
            DraftTree draft = chain(expected.subList(from, Math.min(60, from + 2)));
            Thread loop = Thread.currentThread();
            Runnable propose = () -> answer.handle.join().propose(proposed(length, length, draft));
            if (from == 1) {
              propose.run();
            } else {
              elsewhere.execute(
                  () -> {
                    while (loop.getState() != Thread.State.TIMED_WAITING && !answer.isOver()) {
                      Thread.onSpinWait();
                    }
                    propose.run();
                  });
            }
          };
      submit(task(prompt, 60), answer);

      assertThat(answer.tokens()).isEqualTo(expected);
    }
    assertThat(registry.get("slipstream.spec.decode.draft.wait").timer().count()).isPositive();
  }

  @Test
  void draftsThatNeverComeTrueAreNoLongerVerified() {
    start(settings(64, 256, 1), model, PassCost.of(Map.of(1, 1.0, 2, 1.4, 16, 6.0)));
    int[] prompt = prompt(20, 2);
    Answer answer = submitWithDrafts(task(prompt, 200), i -> 298 - i % 7);

    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt, 200));
    assertThat(answer.outcome().speculation().drafted()).isLessThan(100);
    assertThat(answer.outcome().speculation().state().state()).isEqualTo("gated");
    assertThat(answer.outcome().speculation().reason()).contains("gain");
  }

  @Test
  void speculationThatIsSwitchedOffUsesNoDraft() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 2);
    List<Integer> expected = model.greedy(prompt, 20);
    DecodeTask task = task(prompt, 20, SamplingParams.greedy(), 0);
    Answer answer = new Answer();
    answer.onStep = step -> proposeTree(answer.handle.join(), step, expected);
    submit(task, answer);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().drafted()).isZero();
    assertThat(answer.outcome().speculation().state().state()).isEqualTo("off");
    assertThat(answer.anyStep(step -> step.wantedDraftTokens() > 0)).isFalse();
  }

  /** A tree with wrong siblings beside each right token. */
  private static void proposeTree(DecodeHandle handle, CommittedTokens step, List<Integer> answer) {
    int length = step.baseLength() + step.tokens().size();
    int from = length - 33;
    DraftTreeBuilder tree = DraftTree.builder(ToyModel.VOCABULARY, 64);
    int parent = DraftTree.ROOT;
    for (int i = Math.max(0, from); i < Math.min(answer.size(), from + 5); i++) {
      int right = tree.add(answer.get(i), parent);
      tree.add((answer.get(i) + 1) % 290, parent);
      parent = right;
    }
    handle.propose(proposed(length, length, tree.build()));
  }

  private static DraftTree chain(List<Integer> tokens) {
    return DraftTree.chain(
        ToyModel.VOCABULARY, tokens.stream().mapToInt(Integer::intValue).toArray());
  }
}
