package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.VerificationCost;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DecodeLoopTest {
  /** Verifying is nearly free, so the gate is glad of every draft. */
  private static final VerificationCost CHEAP = VerificationCost.of(Map.of(1, 1.0, 64, 1.01));

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ToyModel model = new ToyModel(20);
  private DecodeLoop loop;

  @AfterEach
  void stop() {
    if (model.gate != null) {
      model.gate.release(1 << 20);
    }
    if (loop != null) {
      loop.close();
    }
  }

  @Test
  void aPromptIsAnsweredWhateverTheChunksItIsComputedIn() {
    for (int chunk : new int[] {1, 3, 16, 17, 256}) {
      start(settings(64, chunk, 1));
      int[] prompt = prompt(100, 7);
      assertThat(decode(prompt, 20).tokens()).isEqualTo(model.greedy(prompt, 20));
      loop.close();
    }
  }

  @Test
  void sequencesShareEveryPassAndEachGetsItsOwnAnswer() {
    start(settings(400, 64, 8));
    model.gate = new Semaphore(0);
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      answers.add(submit(task(prompt(10 + 13 * i, i), 30), new Answer()));
    }
    model.gate.release(1 << 20);

    for (int i = 0; i < 8; i++) {
      assertThat(answers.get(i).tokens()).isEqualTo(model.greedy(prompt(10 + 13 * i, i), 30));
    }
    assertThat(model.widest).isEqualTo(8);
    assertThat(model.passes.get()).as("passes for 240 tokens").isLessThan(100);
  }

  @Test
  void rightDraftsSaveStepsAndWrongOnesChangeNothing() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(40, 3);
    List<Integer> expected = model.greedy(prompt, 60);

    Answer right = decodeWithDrafts(prompt, 60, i -> expected.get(i));
    assertThat(right.tokens()).isEqualTo(expected);
    assertThat(right.steps.size()).as("steps with perfect drafts").isLessThan(30);
    assertThat(right.outcome().speculation().accepted()).isGreaterThan(30);
    assertThat(right.outcome().speculation().lossless()).isEqualTo(Outcome.Lossless.TOKEN);

    Answer mixed = decodeWithDrafts(prompt, 60, i -> i % 3 == 2 ? 5 : expected.get(i));
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
      handle.propose(epoch, prompt.length, chain(List.of(5, 5, 5)));
    }
    handle.propose(100, prompt.length, chain(expected.subList(0, 30)));
    assertThat(registry.get("slipstream.spec.decode.num.proposals.dropped").counter().count())
        .isGreaterThanOrEqualTo(98);
    model.gate.release(1 << 20);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted()).isPositive();
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
            answer.handle.join().propose(1, prompt.length, whole);
          }
        };
    submit(task(prompt, 40), answer);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().accepted()).isGreaterThan(10);
  }

  @Test
  void draftsThatNeverComeTrueAreNoLongerVerified() {
    start(settings(64, 256, 1), model, VerificationCost.of(Map.of(1, 1.0, 2, 1.4, 16, 6.0)));
    int[] prompt = prompt(20, 2);
    Answer answer = decodeWithDrafts(prompt, 200, i -> 298 - i % 7);

    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt, 200));
    assertThat(answer.outcome().speculation().drafted()).isLessThan(100);
    assertThat(answer.outcome().speculation().state()).isEqualTo("gated");
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
    assertThat(answer.outcome().speculation().state()).isEqualTo("off");
    assertThat(answer.anyStep(step -> step.wantedDraftTokens() > 0)).isFalse();
  }

  @Test
  void aPrefixThatWasComputedBeforeIsNotComputedAgain() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(100, 5);
    List<Integer> cold = decode(prompt, 20).tokens();
    int rows = model.rows.get();

    Answer warm = decode(prompt, 20);

    assertThat(warm.tokens()).isEqualTo(cold).isEqualTo(model.greedy(prompt, 20));
    assertThat(warm.outcome().usage().cachedTokens()).isEqualTo(96);
    assertThat(model.rows.get() - rows).as("rows of the second run").isEqualTo(4 + 19);
    assertThat(counter("slipstream.prefix.cache.hits")).isEqualTo(96);
    assertThat(counter("slipstream.prefix.cache.queries")).isEqualTo(200);
  }

  @Test
  void anotherTenantDoesNotSeeThePrefix() {
    start(settings(64, 256, 1));
    decode(prompt(100, 5), 5).outcome();

    DecodeTask other =
        new DecodeTask(
            "",
            prompt(100, 5),
            0,
            SamplingParams.greedy(),
            5,
            false,
            Set.of(),
            -1,
            true,
            9,
            "",
            "b");
    assertThat(submit(other, new Answer()).outcome().usage().cachedTokens()).isZero();
  }

  @Test
  void cancellingFreesTheBlocksWithinOneStep() {
    start(settings(64, 256, 4));
    model.gate = new Semaphore(0);
    Answer answer = new Answer();
    submit(task(prompt(50, 1), 1000), answer);
    model.gate.release(2);
    Answer.get(answer.firstTokens);

    answer.handle.join().cancel();
    model.gate.release(1);
    Answer after = submit(task(prompt(20, 2), 1), new Answer());
    model.gate.release(1);

    after.outcome();
    assertThat(model.passes.get()).as("two before, one under way, one for the other").isLessThan(5);
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
    assertThat(answer.isOver()).isFalse();
  }

  @Test
  void whatIsShownIsTrueAlsoWhenNothingIsLeftToDoAfterACancellation() {
    start(settings(64, 256, 4));
    model.gate = new Semaphore(0);
    Answer answer = new Answer();
    submit(task(prompt(50, 1), 1000), answer);
    model.gate.release(2);
    Answer.get(answer.firstTokens);
    awaitGauge("slipstream.num.requests.running", 1);

    answer.handle.join().cancel();
    model.gate.release(1);

    awaitGauge("slipstream.num.requests.running", 0);
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  @Test
  void whenThePoolRunsOutTheYoungestWaitsAndTheAnswersStayTheSame() {
    start(settings(12, 64, 4));
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(submit(task(prompt(20, i), 120), new Answer()));
    }

    for (int i = 0; i < 4; i++) {
      assertThat(answers.get(i).tokens()).isEqualTo(model.greedy(prompt(20, i), 120));
    }
    assertThat(counter("slipstream.num.preemptions")).isPositive();
  }

  @Test
  void aFullQueueRefusesAndSaysWhenToComeBack() {
    start(new LoopSettings(64, 4096, 64, 16, 1, 2, 4));
    model.gate = new Semaphore(0);
    List<Answer> accepted = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      accepted.add(submit(task(prompt(10, i), 3), new Answer()));
    }
    Answer refused = submit(task(prompt(10, 9), 3), new Answer());
    model.gate.release(1 << 20);

    assertThat(refused.failure())
        .isInstanceOfSatisfying(
            DecodeFailure.QueueFull.class,
            full -> {
              assertThat(full.waiting()).isEqualTo(2);
              assertThat(full.retryAfter()).isPositive();
            });
    accepted.forEach(Answer::outcome);
  }

  @Test
  void aPromptThatCanNeverFitIsRefusedWithTheNumbers() {
    start(settings(4, 64, 1));
    assertThat(decode(prompt(64, 1), 5).failure().message()).contains("64 tokens", "holds 64");
    assertThat(decode(prompt(63, 1), 5).outcome().reason()).isEqualTo(Outcome.Reason.LENGTH);
  }

  @Test
  void anAnswerEndsAtStopTokensEndTokensAndLimits() {
    start(settings(64, 64, 1));
    int[] prompt = prompt(10, 4);
    List<Integer> expected = model.greedy(prompt, 30);
    DecodeTask stopping =
        new DecodeTask(
            "",
            prompt,
            0,
            SamplingParams.greedy(),
            30,
            false,
            Set.of(expected.get(7)),
            -1,
            true,
            9,
            "",
            "");
    Answer stopped = submit(stopping, new Answer());
    int end = expected.indexOf(expected.get(7)) + 1;
    assertThat(stopped.tokens()).isEqualTo(expected.subList(0, end));
    assertThat(stopped.outcome().reason()).isEqualTo(Outcome.Reason.STOP);
    assertThat(decode(prompt, 7).outcome().reason()).isEqualTo(Outcome.Reason.LENGTH);
    assertThat(decode(prompt, 7).outcome().usage().completionTokens()).isEqualTo(7);
  }

  @Test
  void aResumedAnswerGoesOnAsIfNothingHadHappened() {
    ToyModel flat = new ToyModel(1);
    start(settings(64, 64, 1), flat);
    SamplingParams sampling = new SamplingParams(0.8f, 0, 0.95f, 0, 1.2f, 0.5f, 0.2f, Map.of(), 7);
    int[] prompt = prompt(30, 6);
    List<Integer> whole = submit(task(prompt, 40, sampling, 9), new Answer()).tokens();
    int[] resumedPrompt =
        IntStream.concat(
                IntStream.of(prompt), whole.subList(0, 25).stream().mapToInt(Integer::intValue))
            .toArray();
    DecodeTask resumed =
        new DecodeTask("", resumedPrompt, 25, sampling, 40, false, Set.of(), -1, true, 9, "", "");

    Answer rest = submit(resumed, new Answer());

    assertThat(rest.tokens()).isEqualTo(whole.subList(25, 40));
    assertThat(rest.outcome().usage().completionTokens()).isEqualTo(40);
    assertThat(rest.outcome().usage().promptTokens()).isEqualTo(30);
  }

  @Test
  void aPassThatFailsEndsItsSequencesAndNotTheLoop() {
    start(settings(64, 64, 2));
    model.failure = new IllegalStateException("broken kernel");
    assertThat(decode(prompt(10, 1), 5).failure().message()).contains("broken kernel");

    assertThat(decode(prompt(10, 1), 5).tokens()).isEqualTo(model.greedy(prompt(10, 1), 5));
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  @Test
  void drainingLetsAnswersFinishAndRefusesNewOnes() {
    start(settings(64, 64, 2));
    model.gate = new Semaphore(0);
    Answer running = submit(task(prompt(10, 1), 20), new Answer());
    Thread drain = Thread.ofPlatform().start(() -> loop.drain(Duration.ofSeconds(30)));
    model.gate.release(1 << 20);

    assertThat(running.tokens()).hasSize(20);
    join(drain);
    assertThat(decode(prompt(10, 1), 5).failure()).isInstanceOf(DecodeFailure.ShuttingDown.class);
  }

  @Test
  void drainingEndsAnswersThatTakeTooLong() {
    start(settings(64, 64, 2));
    Answer endless = submit(task(prompt(10, 1), 1000), new Answer());
    Answer.get(endless.firstTokens);
    model.gate = new Semaphore(0);
    Thread drain = Thread.ofPlatform().start(() -> loop.drain(Duration.ofMillis(1)));
    join(drain, model.gate);
    if (endless.steps.stream().mapToInt(s -> s.tokens().size()).sum() < 1000) {
      assertThat(endless.failure()).isInstanceOf(DecodeFailure.ShuttingDown.class);
    }
  }

  @Test
  void logprobsComeWithEveryTokenWhenAskedFor() {
    start(settings(64, 64, 1));
    DecodeTask task =
        new DecodeTask(
            "", prompt(10, 1), 0, SamplingParams.greedy(), 4, false, Set.of(), 3, true, 9, "", "");
    Answer answer = submit(task, new Answer());
    answer.outcome();
    for (CommittedTokens step : answer.steps) {
      for (int i = 0; i < step.tokens().size(); i++) {
        assertThat(step.logprobs().get(i).chosen().token()).isEqualTo(step.tokens().get(i));
        assertThat(step.logprobs().get(i).top()).hasSize(3);
      }
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void join(Thread thread, Semaphore gate) {
    while (thread.isAlive()) {
      gate.release();
      Thread.onSpinWait();
    }
  }

  private Answer decode(int[] prompt, int tokens) {
    return submit(task(prompt, tokens), new Answer());
  }

  /** Each step is answered with a draft of eight tokens. */
  private Answer decodeWithDrafts(int[] prompt, int tokens, IntUnaryOperator draft) {
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          int from = length - prompt.length;
          List<Integer> chain =
              IntStream.range(from, Math.min(tokens, from + 8)).map(draft).boxed().toList();
          answer.handle.join().propose(length, length, chain(chain));
        };
    submit(task(prompt, tokens), answer);
    answer.outcome();
    return answer;
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
    handle.propose(length, length, tree.build());
  }

  private static DraftTree chain(List<Integer> tokens) {
    return DraftTree.chain(
        ToyModel.VOCABULARY, tokens.stream().mapToInt(Integer::intValue).toArray());
  }

  private Answer submit(DecodeTask task, Answer answer) {
    answer.handle.complete(loop.submit(task, answer));
    return answer;
  }

  private static DecodeTask task(int[] prompt, int tokens) {
    return task(prompt, tokens, SamplingParams.greedy(), Integer.MAX_VALUE);
  }

  private static DecodeTask task(
      int[] prompt, int tokens, SamplingParams sampling, int maxDraftTokens) {
    return new DecodeTask(
        "", prompt, 0, sampling, tokens, false, Set.of(), -1, true, maxDraftTokens, "", "");
  }

  private static int[] prompt(int length, int salt) {
    return IntStream.range(0, length).map(i -> (i * 7 + salt * 31 + i * i % 11) % 290).toArray();
  }

  private static LoopSettings settings(int blocks, int chunk, int running) {
    return new LoopSettings(blocks, 4096, Math.max(64, chunk), chunk, running, 100, 16);
  }

  private void start(LoopSettings settings) {
    start(settings, model);
  }

  private void start(LoopSettings settings, ToyModel toy) {
    start(settings, toy, CHEAP);
  }

  private void start(LoopSettings settings, ToyModel toy, VerificationCost cost) {
    DecodeMetrics metrics = new DecodeMetrics(registry, "toy", cost);
    loop = new DecodeLoop(toy.served(), settings, SharedPrefixes.NONE, cost, metrics);
  }

  private double counter(String name) {
    return registry.get(name).counter().count();
  }

  private void awaitGauge(String name, double value) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (registry.get(name).gauge().value() != value && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(registry.get(name).gauge().value()).isEqualTo(value);
  }
}
