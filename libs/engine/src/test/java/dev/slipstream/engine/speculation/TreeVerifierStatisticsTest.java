package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.ChiSquare;
import dev.slipstream.engine.sampling.ReferenceSampling;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Speculation must not change what the model says. The first token and the first pair of tokens of
 * many answers are counted against the target's own distribution; rules that are nearly right must
 * fail the same test.
 */
@Tag("slow")
class TreeVerifierStatisticsTest {
  private static final int DRAWS = 24_000;
  private static final int[] PROMPT = {2, 5, 2};
  private static final int[] CHAIN = {1, 1, 1};
  private static final int[] TREE = {3, 2};
  private static final List<SamplingParams> SAMPLING =
      List.of(
          SamplingParams.plain(0),
          new SamplingParams(
              0.7f, new Cutoffs(4, 1, 0), new Penalties(1.3f, 0.4f, 0.3f), Map.of(1, 1f), 0),
          new SamplingParams(1.4f, new Cutoffs(0, 0.83f, 0.05f), Penalties.NONE, Map.of(), 0));

  static Stream<Arguments> setUps() {
    return Arrays.stream(ToyDrafters.Children.values())
        .flatMap(c -> Stream.of(Arguments.of(c, CHAIN), Arguments.of(c, TREE)));
  }

  @ParameterizedTest
  @MethodSource("setUps")
  void theAnswerHasTheTargetsDistribution(ToyDrafters.Children children, int[] widths) {
    for (int s = 0; s < SAMPLING.size(); s++) {
      ToyModels models = new ToyModels(6 + 2 * s, 11 + s);
      SamplingParams params = SAMPLING.get(s);
      SamplingWorkspace workspace = new SamplingWorkspace(models.vocabulary);
      ToyDrafters drafters = new ToyDrafters(models, 77);
      long[] pairs = new long[models.vocabulary * models.vocabulary];
      for (int i = 0; i < DRAWS; i++) {
        TokenSampler sampler = new TokenSampler(params.withSeed(i), workspace);
        TokenHistory history = new TokenHistory(PROMPT, PROMPT.length);
        while (history.generated() < 2) {
          DraftTree tree = drafters.tree(children, history.toArray(), widths);
          float[] rows = models.rows(tree, history);
          Verdict verdict = TreeVerifier.verify(tree, rows, models::offset, sampler, history);
          Arrays.stream(verdict.tokens()).forEach(history::append);
        }
        pairs[pair(models, history)]++;
      }
      assertThat(deviation(pairs, models, params)).as("%s", params).isLessThan(4);
    }
  }

  @ParameterizedTest
  @EnumSource(WrongRule.class)
  void onlyTheExactRulePasses(WrongRule rule) {
    double worst = 0;
    for (int[] widths : new int[][] {CHAIN, TREE}) {
      for (int seed = 0; seed < 2; seed++) {
        worst = Math.max(worst, deviationOf(rule, new ToyModels(7, seed), widths));
      }
    }
    if (rule == WrongRule.NONE) {
      assertThat(worst).isLessThan(4);
    } else {
      assertThat(worst).isGreaterThan(8);
    }
  }

  private static double deviationOf(WrongRule rule, ToyModels models, int[] widths) {
    SamplingParams params = SamplingParams.plain(0);
    ToyDrafters drafters = new ToyDrafters(models, 78);
    Random random = new Random(79);
    long[] pairs = new long[models.vocabulary * models.vocabulary];
    for (int i = 0; i < DRAWS; i++) {
      TokenHistory history = new TokenHistory(PROMPT, PROMPT.length);
      while (history.generated() < 2) {
        DraftTree tree = drafters.tree(ToyDrafters.Children.DRAWN, history.toArray(), widths);
        int node = DraftTree.ROOT;
        while (node != DraftTree.NONE) {
          double[] p = probabilities(models, params, history.toArray());
          int token = rule.choose(tree, node, p, random);
          history.append(token);
          node = tree.child(node, token);
        }
      }
      pairs[pair(models, history)]++;
    }
    return deviation(pairs, models, params);
  }

  private static int pair(ToyModels models, TokenHistory history) {
    return history.token(PROMPT.length) * models.vocabulary + history.token(PROMPT.length + 1);
  }

  /** The larger deviation of first tokens and of pairs. */
  private static double deviation(long[] pairs, ToyModels models, SamplingParams params) {
    int size = models.vocabulary;
    double[] first = probabilities(models, params, PROMPT);
    double[] expected = new double[pairs.length];
    long[] firsts = new long[size];
    for (int a = 0; a < size; a++) {
      double[] second = probabilities(models, params, ToyModels.append(PROMPT, a));
      for (int b = 0; b < size; b++) {
        expected[a * size + b] = first[a] * second[b];
        firsts[a] += pairs[a * size + b];
      }
    }
    return Math.max(ChiSquare.deviation(firsts, first), ChiSquare.deviation(pairs, expected));
  }

  private static double[] probabilities(ToyModels models, SamplingParams params, int[] text) {
    int[] answer = Arrays.copyOfRange(text, PROMPT.length, text.length);
    return ReferenceSampling.probabilities(models.logits(text), params, PROMPT, answer);
  }
}
