package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TreeVerifierTest {
  private static final int TOKENS = 24;
  private static final SamplingParams PENALISED =
      new SamplingParams(0, Cutoffs.NONE, new Penalties(1.4f, 0.5f, 0.4f), Map.of(2, 1f), 0);

  /** Greedy answers are the same token for token, whatever the draft looks like. */
  @Property(tries = 150)
  void greedyAnswersDoNotDependOnTheDraft(
      @ForAll ToyDrafters.Children children,
      @ForAll @IntRange(max = 3) int width,
      @ForAll int seed) {
    for (SamplingParams params : new SamplingParams[] {SamplingParams.greedy(), PENALISED}) {
      assertThat(speculated(params, children, width, seed)).isEqualTo(plain(params, seed));
    }
  }

  /** A seeded answer is the same with and without speculation if no node was drawn. */
  @Property(tries = 150)
  void seededAnswersDoNotDependOnChosenDrafts(
      @ForAll @IntRange(max = 3) int width, @ForAll int seed) {
    SamplingParams params =
        new SamplingParams(
            0.9f, new Cutoffs(6, 0.97f, 0), new Penalties(1.2f, 0.5f, 0.1f), Map.of(2, 1f), seed);
    assertThat(speculated(params, ToyDrafters.Children.CHOSEN, width, seed))
        .isEqualTo(plain(params, seed));
  }

  @Test
  void acceptsWhatTheTargetWouldHaveSaidAndAddsOneToken() {
    ToyModels models = new ToyModels(8, 3);
    int[] answer = plain(SamplingParams.greedy(), models);
    TokenHistory history = new TokenHistory(new int[] {1}, 1);
    DraftTree right = DraftTree.chain(8, Arrays.copyOf(answer, 4));

    Verdict verdict = verify(right, models, SamplingParams.greedy(), history);

    assertThat(verdict).isEqualTo(new Verdict(new int[] {0, 1, 2, 3}, Arrays.copyOf(answer, 5)));
    assertThat(verdict.chosenAt(0)).isEqualTo(DraftTree.ROOT);
    assertThat(verdict.chosenAt(4)).isEqualTo(3);
    assertThat(history.toArray()).as("the history is as it was").containsExactly(1);
  }

  @Test
  void stopsAtTheFirstWrongToken() {
    ToyModels models = new ToyModels(8, 3);
    int[] answer = plain(SamplingParams.greedy(), models);
    DraftTree wrong = DraftTree.chain(8, answer[0], (answer[1] + 1) % 8, answer[2]);

    Verdict verdict =
        verify(wrong, models, SamplingParams.greedy(), new TokenHistory(new int[] {1}, 1));

    assertThat(verdict).isEqualTo(new Verdict(new int[] {0}, Arrays.copyOf(answer, 2)));
    assertThat(verdict.accepted()).isEqualTo(1);
  }

  @Test
  void anEmptyTreeIsPlainDecoding() {
    ToyModels models = new ToyModels(8, 3);
    SamplingParams params = SamplingParams.plain(9);
    Verdict verdict = verify(DraftTree.empty(), models, params, new TokenHistory(new int[] {1}, 1));
    assertThat(verdict.tokens()).containsExactly(plain(params, models)[0]);
  }

  /** A draft drawn from the target's own distribution is never rejected, rounding or not. */
  @Property(tries = 200)
  void draftsThatEqualTheTargetAreAccepted(@ForAll int seed) {
    ToyModels models = new ToyModels(9, seed);
    TokenHistory history = new TokenHistory(new int[] {1}, 1);
    SamplingParams params = SamplingParams.plain(seed);
    float[] logits = models.logits(1);
    double[] q = new double[9];
    for (int t = 0; t < 9; t++) {
      q[t] = Math.exp(logits[t]);
    }
    int token = new Random(seed).nextInt(9);
    DraftTreeBuilder builder = DraftTree.builder(9, 1);
    builder.add(token, DraftTree.ROOT, NodeOrigin.drawn(ToyDrafters.distribution(q)));
    assertThat(verify(builder.build(), models, params, history).tokens()[0]).isEqualTo(token);
  }

  private static int[] speculated(
      SamplingParams params, ToyDrafters.Children children, int width, int seed) {
    ToyModels models = new ToyModels(8, seed);
    ToyDrafters drafters = new ToyDrafters(models, seed + 1);
    TokenHistory history = new TokenHistory(new int[] {1}, 1);
    while (history.generated() < TOKENS) {
      DraftTree tree = drafters.tree(children, history.toArray(), width, 2, 1);
      Arrays.stream(verify(tree, models, params, history).tokens()).forEach(history::append);
    }
    return Arrays.copyOfRange(history.toArray(), 1, 1 + TOKENS);
  }

  private static int[] plain(SamplingParams params, int seed) {
    return plain(params, new ToyModels(8, seed));
  }

  private static int[] plain(SamplingParams params, ToyModels models) {
    TokenSampler sampler = new TokenSampler(params, models.vocabulary);
    TokenHistory history = new TokenHistory(new int[] {1}, 1);
    while (history.generated() < TOKENS) {
      history.append(sampler.sample(models.logits(history.toArray()), 0, history));
    }
    return Arrays.copyOfRange(history.toArray(), 1, 1 + TOKENS);
  }

  private static Verdict verify(
      DraftTree tree, ToyModels models, SamplingParams params, TokenHistory history) {
    TokenSampler sampler = new TokenSampler(params, models.vocabulary);
    return TreeVerifier.verify(tree, models.rows(tree, history), models::offset, sampler, history);
  }
}
