package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.FusedDrafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import dev.slipstream.drafting.toy.DrawingDrafter;
import dev.slipstream.drafting.toy.LearningDrafter;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.technique.Lossless;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where a drafter runs must not change an answer, nor may a drafter that breaks. */
@Timeout(60)
class HostedDraftersTest extends DecodeLoopFixture {
  private static final PromptLookupDrafter LOOKUP =
      new PromptLookupDrafter(PromptLookupConfig.DEFAULT);

  private final ExecutorService threads = Executors.newSingleThreadExecutor();
  private HostedDrafters hosted;

  @AfterEach
  void end() {
    hosted.close();
  }

  private void host(Drafter... drafters) {
    start(settings(400, 64, 8));
    hosted =
        new HostedDrafters(
            loop,
            new DecodeMetrics(registry, model.served(), CHEAP),
            ToyModel.VOCABULARY,
            List.of(drafters),
            threads);
  }

  /** Each pass comes after the draft for its text, however fast the toy model is. */
  private Answer ask(int[] prompt, int tokens, SamplingParams sampling, String drafter) {
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          try {
            threads.submit(() -> {}).get();
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        };
    var wish = new DecodeTask.Speculation(true, 16, drafter, "");
    answer.handle.complete(
        hosted.submit(
            new DecodeTask(
                new TaskOwner("", ""),
                prompt,
                0,
                sampling,
                DecodeTask.NO_RULE,
                new DecodeTask.Ending(tokens, false, Set.of()),
                -1,
                wish),
            answer));
    return answer;
  }

  static Stream<Drafter> drafters() {
    return Stream.of(
        LOOKUP,
        new Oracle(),
        new DrawingDrafter(4),
        new LearningDrafter(),
        new FusedDrafter("fused", List.of(new Oracle(), LOOKUP, new LearningDrafter())),
        new FusedDrafter("drawn", List.of(new DrawingDrafter(4), new Oracle())));
  }

  @ParameterizedTest
  @MethodSource("drafters")
  void greedyAnswersAreTheSameWithEveryDrafterAloneAndInCompany(Drafter drafter) {
    host(drafter);
    List<Answer> answers =
        Stream.iterate(0, i -> i + 1)
            .limit(5)
            .map(i -> ask(prompt(20 + i, i), 120, SamplingParams.greedy(), ""))
            .toList();

    for (int i = 0; i < 5; i++) {
      assertThat(answers.get(i).tokens()).isEqualTo(model.greedy(prompt(20 + i, i), 120));
      assertThat(answers.get(i).outcome().speculation().lossless()).isEqualTo(Lossless.TOKEN);
    }
  }

  @Test
  void aSeededSampleStaysTheSameWhereDraftsAreDeterministic() {
    host(LOOKUP);
    SamplingParams sampling = SamplingParams.plain(42);
    List<Integer> plain = submit(task(prompt(33, 1), 80, sampling, 0), new Answer()).tokens();

    assertThat(ask(prompt(33, 1), 80, sampling, "").tokens()).isEqualTo(plain);
  }

  @Test
  void draftsAreVerifiedAndAnswersSayWhoMadeThem() {
    host(new Oracle());
    int[] prompt = prompt(20, 3);
    Answer answer = ask(prompt, 150, SamplingParams.greedy(), "oracle");

    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt, 150));
    assertThat(answer.steps).as("passes").hasSizeLessThan(100);
    Outcome.SourceFigures figures = answer.outcome().speculation().sources().getFirst();
    assertThat(figures.source()).isEqualTo("oracle");
    assertThat(figures.accepted()).isEqualTo(answer.outcome().speculation().accepted());
    assertThat(figures.drafted()).isGreaterThan(figures.accepted());
  }

  /** The whole way: refused here, taught, learnt, right the next time. */
  @Test
  void aDrafterLearnsFromWhatItIsToldAndOnlyFromThis() {
    LearningDrafter learning = new LearningDrafter();
    host(learning);
    int[] prompt = prompt(20, 3);
    for (int i = 0; i < 20; i++) {
      ask(prompt, 60, SamplingParams.greedy(), "").outcome();
    }

    assertThat(learning.lessons).anyMatch(lesson -> lesson.refusal().isPresent());
    assertThat(learning.contexts).hasSize(20);
    assertThat(learning.contexts).allMatch(c -> c.features().teacherTokens() == 64);
    assertThat(learning.contexts).extracting(c -> c.sampling().seed()).doesNotHaveDuplicates();
    Answer taught = ask(prompt, 60, SamplingParams.greedy(), "");
    assertThat(taught.tokens()).isEqualTo(model.greedy(prompt, 60));
  }

  @Test
  void aRequestThatNamesAnotherDrafterOrNoneAtAllIsTheClientsOwnAffair() {
    host(LOOKUP);
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 40);
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          int from = length - prompt.length;
          int[] right =
              expected.subList(from, Math.min(40, from + 4)).stream().mapToInt(t -> t).toArray();
          answer
              .handle
              .join()
              .propose(proposed(length, length, DraftTree.chain(ToyModel.VOCABULARY, right)));
        };
    var wish = new DecodeTask.Speculation(true, 16, "test", "");
    answer.handle.complete(
        hosted.submit(
            new DecodeTask(
                new TaskOwner("", ""),
                prompt,
                0,
                SamplingParams.greedy(),
                DecodeTask.NO_RULE,
                new DecodeTask.Ending(40, false, Set.of()),
                -1,
                wish),
            answer));

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().sources())
        .singleElement()
        .satisfies(source -> assertThat(source.source()).isEqualTo("test"));
  }

  @Test
  void theClientsProposalsAreNotMixedIntoTheHostedOnes() {
    host(LOOKUP);
    int[] prompt = prompt(20, 9);
    Answer answer = ask(prompt, 40, SamplingParams.greedy(), "");
    double before = counter("slipstream.spec.decode.num.proposals.dropped");
    answer.handle.join().propose(proposed(1_000_000, 20, DraftTree.chain(300, 5, 5)));

    assertThat(counter("slipstream.spec.decode.num.proposals.dropped")).isGreaterThan(before);
    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt, 40));
    assertThat(answer.outcome().speculation().sources())
        .noneMatch(source -> source.source().equals("test"));
  }

  /** A token outside of the vocabulary would be read from beyond the model's tables. */
  @ParameterizedTest
  @MethodSource("failures")
  void aDrafterThatFailsCostsTheAnswerNothing(Failing drafter) {
    host(drafter);
    int[] prompt = prompt(20, 9);

    assertThat(ask(prompt, 40, SamplingParams.greedy(), "").tokens())
        .isEqualTo(model.greedy(prompt, 40));
  }

  @Test
  void everySessionIsClosedHoweverItsSequenceEnds() {
    AtomicInteger open = new AtomicInteger();
    host(new Failing("none", open));
    ask(prompt(20, 1), 30, SamplingParams.greedy(), "").outcome();
    Answer cancelled = ask(prompt(20, 2), 3000, SamplingParams.greedy(), "");
    Answer.get(cancelled.firstTokens);
    cancelled.handle.join().cancel();
    Answer broken = ask(prompt(20, 3), 3000, SamplingParams.greedy(), "");
    Answer.get(broken.firstTokens);
    broken.handle.join().fail(new DecodeFailure.BadMessage("bad"));
    broken.failure();
    hosted.close();

    long end = System.nanoTime() + 30_000_000_000L;
    while (open.get() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(open).hasValue(0);
  }

  /** Knows the answer, and one that is wrong. */
  private record Oracle() implements Drafter {
    @Override
    public String name() {
      return "oracle";
    }

    @Override
    public String description() {
      return "knows";
    }

    @Override
    public DraftSession open(DraftContext context) {
      return new DraftSession() {
        private int[] text = {};

        @Override
        public void observe(Progress progress) {
          text = Progress.of(text).then(progress).tokens();
        }

        @Override
        public Optional<DraftTree> propose(DraftBudget budget) {
          DraftTreeBuilder tree = DraftTree.builder(ToyModel.VOCABULARY, budget.nodes());
          List<Integer> right = new ToyModel(20).greedy(text, Math.min(3, budget.nodes()));
          for (int n = 0; n < right.size(); n++) {
            tree.add(right.get(n), n - 1);
          }
          if (tree.size() < budget.nodes()) {
            tree.add((right.getFirst() + 1) % 290, DraftTree.ROOT);
          }
          return Optional.of(tree.build());
        }

        @Override
        public void close() {}
      };
    }
  }

  static Stream<Failing> failures() {
    return Stream.of("open", "observe", "propose", "outside")
        .map(where -> new Failing(where, new AtomicInteger()));
  }

  /** Fails at one place; at none of them it proposes nothing new. */
  private record Failing(String where, AtomicInteger open) implements Drafter {
    @Override
    public String name() {
      return "failing";
    }

    @Override
    public String description() {
      return "fails";
    }

    private void fail(String here) {
      if (here.equals(where)) {
        throw new StackOverflowError("on purpose");
      }
    }

    @Override
    public DraftSession open(DraftContext context) {
      fail("open");
      open.incrementAndGet();
      return new DraftSession() {
        @Override
        public void observe(Progress progress) {
          fail("observe");
        }

        @Override
        public Optional<DraftTree> propose(DraftBudget budget) {
          fail("propose");
          return where.equals("outside")
              ? Optional.of(DraftTree.chain(Integer.MAX_VALUE, 7, ToyModel.VOCABULARY))
              : Optional.empty();
        }

        @Override
        public void close() {
          open.decrementAndGet();
        }
      };
    }
  }
}
