package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.speculation.PassCost;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever chooses among texts by their scores chooses wrongly if one of them is. */
@Timeout(60)
class ScoreTest extends DecodeLoopFixture {
  /** Collects what the client is told. */
  private static final class Scores implements ScoreListener {
    final CompletableFuture<List<float[]>> logprobs = new CompletableFuture<>();
    final CompletableFuture<DecodeFailure> failure = new CompletableFuture<>();
    volatile int cachedTokens;
    SequenceHandle handle;

    @Override
    public void scored(List<float[]> all, int cached, int remoteCached) {
      cachedTokens = cached;
      logprobs.complete(all);
    }

    @Override
    public void failed(DecodeFailure reason) {
      failure.complete(reason);
      logprobs.completeExceptionally(new IllegalStateException(reason.message()));
    }
  }

  @AfterTry
  void endTry() {
    stop();
  }

  private Scores score(int[] prefix, int[]... continuations) {
    Scores scores = new Scores();
    ScoreTask task = new ScoreTask(new TaskOwner("", ""), prefix, List.of(continuations));
    scores.handle = loop.submit(task, scores);
    return scores;
  }

  private void assertExact(Scores scores, int[] prefix, int[]... continuations) {
    List<float[]> found = Answer.get(scores.logprobs);
    assertThat(found).hasSize(continuations.length);
    for (int i = 0; i < continuations.length; i++) {
      assertThat(found.get(i)).containsExactly(model.logprobs(prefix, continuations[i]));
    }
  }

  private static int[][] continuations(Random random, int count, int longest) {
    return random
        .ints(count, 1, longest + 1)
        .mapToObj(length -> random.ints(length, 0, 290).toArray())
        .toArray(int[][]::new);
  }

  /** Whole ones beside each other, long ones in pieces, and whatever a batch has room for. */
  @Property(tries = 100)
  void scoresAreThoseOfTheModelHoweverThePassesAreCut(
      @ForAll @IntRange(min = 1, max = 70) int prefixLength,
      @ForAll @IntRange(min = 1, max = 8) int count,
      @ForAll @IntRange(min = 1, max = 40) int longest,
      @ForAll @IntRange(min = 2, max = 24) int batchRows,
      @ForAll @IntRange(min = 1, max = 24) int chunk,
      @ForAll long seed) {
    registry = new SimpleMeterRegistry();
    start(new LoopSettings(16, 4096, batchRows, chunk, 2, 10, 10, 4));
    int[] prefix = prompt(prefixLength, 3);
    int[][] continuations = continuations(new Random(seed), count, longest);
    Scores scores = score(prefix, continuations);
    Answer answer = decode(prompt(20, 4), 30);

    assertExact(scores, prefix, continuations);
    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt(20, 4), 30));
    assertExact(score(prefix, continuations), prefix, continuations);
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  @Test
  void thePrefixIsComputedOnceAndLastTokensNotAtAll() {
    start(settings(64, 64, 2));
    int[] prefix = prompt(40, 5);
    int[][] continuations = {{1, 2, 3}, {4}, {5, 6}};

    Scores cold = score(prefix, continuations);
    assertExact(cold, prefix, continuations);
    assertThat(model.rows.get()).isEqualTo(40 + 2 + 0 + 1);
    assertThat(model.passes.get()).isEqualTo(1);

    Scores warm = score(prefix, continuations);
    assertExact(warm, prefix, continuations);
    assertThat(warm.cachedTokens).isEqualTo(32);
    assertThat(model.rows.get()).as("of both").isEqualTo(43 + 8 + 3);
    assertThat(counter("slipstream.num.scores")).isEqualTo(2);
    assertThat(counter("slipstream.scored.tokens")).isEqualTo(12);
  }

  /** What a score leaves in the caches is the prefix, and no branch of it. */
  @Test
  void whatIsDecodedAfterwardsIsNotDisturbedByWhatWasScored() {
    start(new LoopSettings(64, 4096, 8, 8, 2, 10, 10, 4));
    int[] prefix = prompt(31, 5);
    int[][] continuations = continuations(new Random(1), 4, 40);
    assertExact(score(prefix, continuations), prefix, continuations);

    int[] longer = Arrays.copyOf(prefix, 60);
    System.arraycopy(continuations[0], 0, longer, 31, Math.min(29, continuations[0].length));
    assertThat(decode(longer, 20).tokens()).isEqualTo(model.greedy(longer, 20));
  }

  @Test
  void scoresAndAnswersShareThePool() {
    start(new LoopSettings(10, 4096, 16, 16, 4, 10, 10, 4));
    model.gate = new Semaphore(0);
    List<Answer> answers = new ArrayList<>();
    List<Scores> scores = new ArrayList<>();
    int[][] continuations = continuations(new Random(2), 2, 12);
    for (int i = 0; i < 3; i++) {
      answers.add(decode(prompt(20, i), 100));
      scores.add(score(prompt(30, 10 + i), continuations));
    }
    model.gate.release(1 << 20);

    for (int i = 0; i < 3; i++) {
      assertThat(answers.get(i).tokens()).isEqualTo(model.greedy(prompt(20, i), 100));
      assertExact(scores.get(i), prompt(30, 10 + i), continuations);
    }
    assertThat(counter("slipstream.num.preemptions")).isPositive();
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  /** Let in again and again for nothing, it would slow down the answer that it waits for. */
  @Test
  void oneThatHasNoRoomWaitsUntilThereIsSome() {
    start(new LoopSettings(10, 4096, 16, 16, 4, 10, 10, 4));
    model.gate = new Semaphore(0);
    int[][] continuations = continuations(new Random(4), 1, 70);
    Answer answer = decode(prompt(60, 1), 60);
    Scores scores = score(prompt(30, 2), continuations);
    model.gate.release(1 << 20);
    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt(60, 1), 60));
    assertExact(scores, prompt(30, 2), continuations);
    assertThat(counter("slipstream.num.preemptions")).isLessThan(2);
  }

  /** Even where every row with logits is somebody's own. */
  @Test
  void manyScoresInASmallBatchGetOn() {
    start(new LoopSettings(64, 4096, 4, 4, 4, 10, 10, 0), model, PassCost.of(Map.of(1, 1.0)));
    model.gate = new Semaphore(0);
    int[][] continuations = continuations(new Random(3), 3, 9);
    List<Scores> scores = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      scores.add(score(prompt(5, i), continuations));
    }
    model.gate.release(1 << 20);
    for (int i = 0; i < 4; i++) {
      assertExact(scores.get(i), prompt(5, i), continuations);
    }
  }

  @Test
  void cancellingFreesTheBlocks() {
    start(settings(64, 8, 2));
    model.gate = new Semaphore(0);
    Scores scores = score(prompt(200, 1), continuations(new Random(1), 8, 60));
    model.gate.release(2);
    awaitGauge("slipstream.num.requests.running", 1);

    scores.handle.cancel();
    model.gate.release(1 << 20);

    awaitGauge("slipstream.kv.cache.blocks.used", 0);
    awaitGauge("slipstream.num.requests.running", 0);
    assertThat(decode(prompt(10, 2), 3).tokens()).isEqualTo(model.greedy(prompt(10, 2), 3));
    assertThat(scores.logprobs).isNotDone();
    assertThat(scores.failure).isNotDone();
    assertThat(counter("slipstream.requests.cancelled")).isEqualTo(1);
  }

  @Test
  void aContinuationThatPassesFailOverCostsNobodyElseAnything() {
    start(settings(64, 64, 4));
    model.gate = new Semaphore(0);
    model.poison = 290;
    Answer answer = decode(prompt(10, 1), 8);
    Scores poisoned = score(prompt(12, 2), new int[] {1, 290, 3});
    int[] fine = {7, 8, 9};
    Scores other = score(prompt(12, 3), fine);
    model.gate.release(1 << 20);

    assertThat(Answer.get(poisoned.failure)).isInstanceOf(DecodeFailure.Broken.class);
    assertThat(answer.tokens()).isEqualTo(model.greedy(prompt(10, 1), 8));
    assertExact(other, prompt(12, 3), fine);
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  @Test
  void aContinuationOfWhichNothingFiniteIsKnownHasNoScore() {
    start(settings(64, 64, 4));
    model.undefined = 291;
    Scores scores = score(prompt(12, 2), new int[] {1, 2}, new int[] {1, 291, 3});
    assertThat(Answer.get(scores.failure)).isInstanceOf(DecodeFailure.Broken.class);
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  @Test
  void whatNeverFitsIsRefusedWithTheNumbersAndAFullQueueSaysWhenToComeBack() {
    start(new LoopSettings(4, 4096, 64, 16, 1, 1, 1, 4));
    assertThat(Answer.get(score(prompt(60, 1), new int[] {1}, new int[5]).failure).message())
        .contains("65 tokens", "holds 64");
    int[] fits = {1, 2, 3, 4};
    assertExact(score(prompt(60, 1), fits), prompt(60, 1), fits);

    model.gate = new Semaphore(0);
    decode(prompt(10, 0), 3);
    score(prompt(10, 1), fits);
    Scores refused = score(prompt(10, 2), fits);
    model.gate.release(1);
    assertThat(Answer.get(refused.failure)).isInstanceOf(DecodeFailure.QueueFull.class);
  }
}
