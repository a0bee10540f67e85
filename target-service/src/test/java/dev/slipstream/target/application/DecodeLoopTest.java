package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DecodeLoopTest extends DecodeLoopFixture {
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
            new TaskOwner("", "b"),
            prompt(100, 5),
            0,
            SamplingParams.greedy(),
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(5, false, Set.of()),
            -1,
            new DecodeTask.Speculation(true, 9, "", ""));
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
    start(new LoopSettings(64, 4096, 64, 16, 1, 2, 2, 4));
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

  /**
   * Its client has read half of the answer, and had waited its turn at the target that was lost.
   */
  @Test
  void aResumedAnswerIsNeitherRefusedNorPutBehindNewOnes() {
    start(new LoopSettings(64, 4096, 64, 16, 1, 1, 2, 4));
    model.gate = new Semaphore(0);
    List<String> order = new CopyOnWriteArrayList<>();
    Answer running = submit(task(prompt(10, 0), 3), new Answer());
    Answer waiting = new Answer();
    waiting.onStep = step -> order.add("new");
    submit(task(prompt(10, 1), 1), waiting);
    Answer resumed = new Answer();
    resumed.onStep = step -> order.add("resumed");
    submit(
        new DecodeTask(
            new TaskOwner("", ""),
            prompt(10, 2),
            3,
            SamplingParams.greedy(),
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(4, false, Set.of()),
            -1,
            new DecodeTask.Speculation(true, 9, "", "")),
        resumed);
    model.gate.release(1 << 20);

    List.of(running, waiting, resumed).forEach(Answer::outcome);
    assertThat(order).containsExactly("resumed", "new");
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
            new TaskOwner("", ""),
            prompt,
            0,
            SamplingParams.greedy(),
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(30, false, Set.of(expected.get(7))),
            -1,
            new DecodeTask.Speculation(true, 9, "", ""));
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
    SamplingParams sampling =
        new SamplingParams(
            0.8f, new Cutoffs(0, 0.95f, 0), new Penalties(1.2f, 0.5f, 0.2f), Map.of(), 7);
    int[] prompt = prompt(30, 6);
    List<Integer> whole = submit(task(prompt, 40, sampling, 9), new Answer()).tokens();
    int[] resumedPrompt =
        IntStream.concat(
                IntStream.of(prompt), whole.subList(0, 25).stream().mapToInt(Integer::intValue))
            .toArray();
    DecodeTask resumed =
        new DecodeTask(
            new TaskOwner("", ""),
            resumedPrompt,
            25,
            sampling,
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(40, false, Set.of()),
            -1,
            new DecodeTask.Speculation(true, 9, "", ""));

    Answer rest = submit(resumed, new Answer());

    assertThat(rest.tokens()).isEqualTo(whole.subList(25, 40));
    assertThat(rest.outcome().usage().completionTokens()).isEqualTo(40);
    assertThat(rest.outcome().usage().promptTokens()).isEqualTo(30);
  }

  @Test
  void aPassThatFailsEndsItsSequencesAndNotTheLoop() {
    start(settings(64, 64, 2));
    model.failure = new IllegalStateException("broken kernel");
    // A client has no use for the words of an exception, and they may be none of its business.
    assertThat(decode(prompt(10, 1), 5).failure())
        .isInstanceOf(DecodeFailure.Broken.class)
        .extracting(DecodeFailure::message, STRING)
        .matches("decoding failed inside the target; .* under error [0-9a-f]{8}")
        .doesNotContain("broken kernel", "IllegalState");

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
            new TaskOwner("", ""),
            prompt(10, 1),
            0,
            SamplingParams.greedy(),
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(4, false, Set.of()),
            3,
            new DecodeTask.Speculation(true, 9, "", ""));
    Answer answer = submit(task, new Answer());
    answer.outcome();
    for (CommittedTokens step : answer.steps) {
      for (int i = 0; i < step.tokens().size(); i++) {
        assertThat(step.logprobs().get(i).chosen().token()).isEqualTo(step.tokens().get(i));
        assertThat(step.logprobs().get(i).top()).hasSize(3);
      }
    }
  }
}
