package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.BracketRule;
import dev.slipstream.engine.sampling.ChiSquare;
import dev.slipstream.engine.sampling.MinimumLength;
import dev.slipstream.engine.sampling.ReferenceSampling;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenRule;
import dev.slipstream.engine.sampling.TokenSampler;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a rule forbids is never said, and what it allows is as likely as without drafts. */
@Tag("slow")
class TokenRuleTest {
  private static final int VOCABULARY = 8;
  private static final int TOKENS = 24;
  private static final int DRAWS = 24_000;
  private static final int[] PROMPT = {2, 5, 2};

  /** A rule's place in a text is moved by drafts that are tried, and must move back with them. */
  @net.jqwik.api.Tag("slow")
  @Property(tries = 150)
  void answersUnderARuleDoNotDependOnTheDraft(
      @ForAll ToyDrafters.Children children,
      @ForAll @IntRange(max = 3) int width,
      @ForAll boolean greedy,
      @ForAll int seed) {
    SamplingParams params =
        greedy
            ? SamplingParams.greedy()
            : new SamplingParams(
                0.9f,
                new Cutoffs(6, 0.97f, 0),
                new Penalties(1.2f, 0.5f, 0.1f),
                Map.of(2, 1f),
                seed);
    List<Integer> plain = answer(params, ToyDrafters.Children.CHOSEN, 0, seed, BracketRule::new);
    List<Integer> drafted = answer(params, children, width, seed, BracketRule::new);

    assertThat(BracketRule.allows(plain)).as("%s", plain).isTrue();
    assertThat(BracketRule.allows(drafted)).as("%s", drafted).isTrue();
    if (greedy || children == ToyDrafters.Children.CHOSEN) {
      assertThat(drafted).isEqualTo(plain);
    }
  }

  private static List<Integer> answer(
      SamplingParams params,
      ToyDrafters.Children children,
      int width,
      int seed,
      IntFunction<TokenRule> rule) {
    ToyModels models = new ToyModels(VOCABULARY, seed);
    ToyDrafters drafters = new ToyDrafters(models, seed + 1);
    TokenSampler sampler = new TokenSampler(params, VOCABULARY);
    TokenHistory history = history(rule);
    while (history.generated() < TOKENS) {
      DraftTree tree = drafters.tree(children, history.toArray(), width, 2, 1);
      float[] rows = models.rows(tree, history);
      Verdict verdict = TreeVerifier.verify(tree, rows, models::offset, sampler, history);
      Arrays.stream(verdict.tokens()).forEach(history::append);
    }
    return Arrays.stream(history.toArray()).skip(PROMPT.length).limit(TOKENS).boxed().toList();
  }

  /** Speculation under a grammar must not prefer what drafters like. */
  @ParameterizedTest
  @EnumSource
  void theAnswerHasTheDistributionThatTheRuleLeaves(ToyDrafters.Children children) {
    for (int[] widths : new int[][] {{1, 1, 1}, {3, 2}}) {
      assertThat(deviation(children, widths)).isLessThan(4);
    }
  }

  @Test
  void aRuleThatForgetsToGoBackWouldBeFound() {
    IntFunction<TokenRule> forgetful =
        prompt -> {
          BracketRule rule = new BracketRule(prompt);
          return new TokenRule() {
            @Override
            public void mask(float[] logits, TokenHistory history) {
              rule.mask(logits, history);
            }

            @Override
            public void appended(int token) {
              rule.appended(token);
            }
          };
        };
    SamplingParams greedy = SamplingParams.greedy();
    var chosen = ToyDrafters.Children.CHOSEN;
    assertThat(IntStream.range(0, 20).boxed())
        .anyMatch(
            seed ->
                !answer(greedy, chosen, 3, seed, forgetful)
                    .equals(answer(greedy, chosen, 0, seed, BracketRule::new)));
  }

  /** Of pairs of tokens from what model and rule say of them. */
  private static double deviation(ToyDrafters.Children children, int[] widths) {
    ToyModels models = new ToyModels(VOCABULARY, 11);
    ToyDrafters drafters = new ToyDrafters(models, 77);
    SamplingWorkspace workspace = new SamplingWorkspace(VOCABULARY);
    long[] pairs = new long[VOCABULARY * VOCABULARY];
    for (int i = 0; i < DRAWS; i++) {
      TokenSampler sampler = new TokenSampler(SamplingParams.plain(i), workspace);
      TokenHistory history = history(BracketRule::new);
      while (history.generated() < 2) {
        DraftTree tree = drafters.tree(children, history.toArray(), widths);
        float[] rows = models.rows(tree, history);
        Verdict verdict = TreeVerifier.verify(tree, rows, models::offset, sampler, history);
        Arrays.stream(verdict.tokens()).forEach(history::append);
      }
      int first = history.token(PROMPT.length);
      pairs[first * VOCABULARY + history.token(PROMPT.length + 1)]++;
    }
    double[] expected = new double[pairs.length];
    double[] firsts = allowed(models, PROMPT);
    for (int a = 0; a < VOCABULARY; a++) {
      double[] seconds = allowed(models, ToyModels.append(PROMPT, a));
      for (int b = 0; b < VOCABULARY; b++) {
        expected[a * VOCABULARY + b] = firsts[a] * seconds[b];
      }
    }
    return ChiSquare.deviation(pairs, expected);
  }

  private static double[] allowed(ToyModels models, int[] text) {
    float[] logits = models.logits(text).clone();
    TokenHistory history = new TokenHistory(text, PROMPT.length, new BracketRule(PROMPT.length));
    BracketRule rule = new BracketRule(PROMPT.length);
    for (int i = PROMPT.length; i < text.length; i++) {
      rule.appended(text[i]);
    }
    rule.mask(logits, history);
    int[] answer = Arrays.copyOfRange(text, PROMPT.length, text.length);
    return ReferenceSampling.probabilities(logits, SamplingParams.plain(0), PROMPT, answer);
  }

  /** Half of an answer that another target began is a part of it. */
  @Test
  void aRuleHearsOfWhatWasGeneratedElsewhere() {
    int[] text = {2, 5, BracketRule.OPEN, BracketRule.OPEN};
    float[] logits = {9, 8, 0};
    TokenSampler sampler = new TokenSampler(SamplingParams.greedy(), 3);

    assertThat(sampler.sample(logits, 0, new TokenHistory(text, 2, new BracketRule(2))))
        .as("two are open")
        .isEqualTo(BracketRule.CLOSE);
    assertThat(sampler.sample(logits, 0, new TokenHistory(text, 4, new BracketRule(4))))
        .as("brackets of the prompt are none of its business")
        .isEqualTo(BracketRule.OPEN);
    assertThat(logits).as("the model's own logits").containsExactly(9, 8, 0);
  }

  @Test
  void theEndDoesNotComeTooEarly() {
    TokenSampler sampler = new TokenSampler(SamplingParams.greedy(), 3);
    TokenHistory history = new TokenHistory(new int[] {0}, 1, new MinimumLength(2, Set.of(1, 2)));
    float[] logits = {0, 5, 9};
    for (int expected : new int[] {0, 0, 2}) {
      int token = sampler.sample(logits, 0, history);
      assertThat(token).isEqualTo(expected);
      history.append(token);
    }
  }

  private static TokenHistory history(IntFunction<TokenRule> rule) {
    return new TokenHistory(PROMPT, PROMPT.length, rule.apply(PROMPT.length));
  }
}
