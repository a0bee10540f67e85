package dev.slipstream.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSamplerTest {
  private static final TokenHistory EMPTY = new TokenHistory(new int[0], 0);

  /** The user gets the distribution that the parameters describe, whatever their combination. */
  @Property(tries = 500)
  void drawsFromTheDocumentedDistribution(
      @ForAll("params") SamplingParams params, @ForAll long seed) {
    Random random = new Random(seed);
    int size = 8 + random.nextInt(random.nextBoolean() ? 8 : 300);
    int offset = random.nextInt(5);
    float[] logits = new float[offset + size + 3];
    for (int i = 0; i < logits.length; i++) {
      // Half of the values lie on a coarse grid, so that ties occur.
      float value = (float) (3 * random.nextGaussian());
      logits[i] = random.nextBoolean() ? Math.round(value) : value;
    }
    int[] history = random.ints(random.nextInt(30), 0, size).toArray();
    int promptLength = history.length == 0 ? 0 : random.nextInt(history.length + 1);
    double[] expected =
        ReferenceSampling.probabilities(
            Arrays.copyOfRange(logits, offset, offset + size),
            params,
            Arrays.copyOf(history, promptLength),
            Arrays.copyOfRange(history, promptLength, history.length));
    float[] before = logits.clone();
    TokenSampler sampler = new TokenSampler(params, size);
    TokenHistory text = new TokenHistory(history, promptLength);

    TokenDistribution actual = sampler.distribution(logits, offset, text);

    for (int t = 0; t < size; t++) {
      assertThat(actual.probabilityOf(t)).as("token %d", t).isCloseTo(expected[t], within(1e-5));
    }
    assertThat(IntStream.range(0, actual.size()).mapToDouble(actual::probability).sum())
        .isCloseTo(1, within(1e-6));
    assertThat(expected[sampler.sample(logits, offset, text)]).isPositive();
    assertThat(logits).as("the model's logits are left alone").isEqualTo(before);
    assertThat(sampler.distribution(logits, offset, text).probabilityOf(0))
        .as("nothing is left over from the call before")
        .isCloseTo(expected[0], within(1e-5));
  }

  @Provide
  Arbitrary<SamplingParams> params() {
    return Combinators.combine(
            Arbitraries.of(0f, 0.3f, 1f, 2f),
            Arbitraries.of(0, 1, 5, 40, 100_000),
            Arbitraries.of(0.131f, 0.613f, 0.977f, 1f),
            Arbitraries.of(0f, 0.0713f, 1f),
            Arbitraries.of(0.7f, 1f, 1.3f),
            Arbitraries.of(-0.5f, 0f, 1.1f),
            Arbitraries.of(-0.4f, 0f, 0.8f),
            Arbitraries.of(Map.<Integer, Float>of(), Map.of(3, 5f, 5, -100f)))
        .as(
            (t, k, p, m, r, pp, f, bias) ->
                new SamplingParams(t, new Cutoffs(k, p, m), new Penalties(r, pp, f), bias, 1));
  }

  @Test
  void greedyTakesTheLowestOfEqualTokens() {
    float[] logits = {9, 1, 4, 4, 4, 0};
    TokenSampler sampler = new TokenSampler(SamplingParams.greedy(), 5);
    assertThat(sampler.sample(logits, 1, EMPTY)).isEqualTo(1);
  }

  @Test
  void repetitionLooksAtThePromptButPresenceAndFrequencyDoNot() {
    float[] logits = {2, 2, -2, 1};
    SamplingParams repetition =
        new SamplingParams(0, Cutoffs.NONE, new Penalties(2, 0, 0), Map.of(), 0);
    SamplingParams presence =
        new SamplingParams(0, Cutoffs.NONE, new Penalties(1, 1.5f, 0), Map.of(), 0);
    SamplingParams frequency =
        new SamplingParams(0, Cutoffs.NONE, new Penalties(1, 0, 0.6f), Map.of(), 0);
    TokenHistory promptOnly = new TokenHistory(new int[] {0, 0}, 2);
    TokenHistory answered = new TokenHistory(new int[] {1, 0, 0}, 1);
    assertThat(new TokenSampler(repetition, 4).sample(logits, 0, promptOnly)).isEqualTo(1);
    assertThat(new TokenSampler(presence, 4).sample(logits, 0, promptOnly)).isZero();
    assertThat(new TokenSampler(presence, 4).sample(logits, 0, answered)).isEqualTo(1);
    assertThat(new TokenSampler(frequency, 4).sample(logits, 0, promptOnly)).isZero();
    assertThat(new TokenSampler(frequency, 4).sample(logits, 0, answered)).isEqualTo(1);
  }

  @Test
  void biasBansAndForcesTokens() {
    float[] logits = {5, 4, 3};
    SamplingParams params =
        new SamplingParams(0, Cutoffs.NONE, Penalties.NONE, Map.of(0, -100f, 2, 100f), 0);
    assertThat(new TokenSampler(params, 3).sample(logits, 0, EMPTY)).isEqualTo(2);
  }

  @Test
  void refusesABiasOutsideTheVocabulary() {
    SamplingParams params = new SamplingParams(0, Cutoffs.NONE, Penalties.NONE, Map.of(3, 1f), 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenSampler(params, 3))
        .withMessageContaining("token 3");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY})
  void saysSoWhenTheModelComputedNothingUsable(float value) {
    float[] logits = {value, value};
    for (float temperature : new float[] {0, 1}) {
      SamplingParams params =
          new SamplingParams(temperature, Cutoffs.NONE, Penalties.NONE, Map.of(), 0);
      assertThatIllegalStateException()
          .isThrownBy(() -> new TokenSampler(params, 2).sample(logits, 0, EMPTY))
          .withMessageContaining("logits");
    }
  }

  @Test
  void neverDrawsABannedToken() {
    float[] logits = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY};
    TokenDistribution p =
        new TokenSampler(SamplingParams.plain(1), 3).distribution(logits, 0, EMPTY);
    assertThat(p.sample(0)).isEqualTo(1);
    assertThat(p.sample(Math.nextDown(1.0))).isEqualTo(1);
  }

  /** A seed gives the same answer again, on its own or among others that share the memory. */
  @Test
  void theSameSeedDrawsTheSameTokensWhateverHappensInBetween() {
    float[] logits = new float[1000];
    Random random = new Random(5);
    SamplingWorkspace shared = new SamplingWorkspace(1000);
    TokenSampler alone = new TokenSampler(SamplingParams.plain(42), 1000);
    TokenSampler among = new TokenSampler(SamplingParams.plain(42), shared);
    TokenSampler other =
        new TokenSampler(
            new SamplingParams(
                0.8f, new Cutoffs(7, 0.9f, 0), new Penalties(1.2f, 0, 0), Map.of(), 3),
            shared);
    TokenHistory one = new TokenHistory(new int[] {1}, 1);
    TokenHistory two = new TokenHistory(new int[] {1}, 1);
    for (int i = 0; i < 50; i++) {
      for (int t = 0; t < logits.length; t++) {
        logits[t] = (float) random.nextGaussian();
      }
      one.append(alone.sample(logits, 0, one));
      other.sample(logits, 0, two);
      two.append(among.sample(logits, 0, two));
    }
    assertThat(two.toArray()).isEqualTo(one.toArray());
    TokenSampler otherSeed = new TokenSampler(SamplingParams.plain(43), 1000);
    assertThat(otherSeed.uniform(1, 0)).isNotEqualTo(alone.uniform(1, 0));
  }

  /** Seeds, positions and draws that follow each other must not be related. */
  @Test
  void uniformNumbersAreUniformAndIndependent() {
    int cells = 12;
    for (int kind = 0; kind < 3; kind++) {
      long[] pairs = new long[cells * cells];
      for (int i = 0; i < 50_000; i++) {
        double a = uniform(kind, 2 * i);
        double b = uniform(kind, 2 * i + 1);
        assertThat(a).isBetween(0.0, Math.nextDown(1.0));
        pairs[(int) (a * cells) * cells + (int) (b * cells)]++;
      }
      double[] even = new double[pairs.length];
      Arrays.fill(even, 1.0 / pairs.length);
      assertThat(ChiSquare.deviation(pairs, even)).as("kind %d", kind).isBetween(-4.0, 4.0);
    }
  }

  private static double uniform(int kind, int i) {
    return switch (kind) {
      case 0 -> CounterRandom.uniform(i, 7, 0);
      case 1 -> CounterRandom.uniform(3, i, 0);
      default -> CounterRandom.uniform(3, i / 2, i % 2);
    };
  }

  @Test
  void tokensComeAsOftenAsTheirProbabilitySays() {
    float[] logits = {0, 1, 2, -1, 0.5f, 1.5f};
    for (SamplingParams shape :
        new SamplingParams[] {
          SamplingParams.plain(0),
          new SamplingParams(0.7f, new Cutoffs(4, 0.95f, 0), Penalties.NONE, Map.of(), 0)
        }) {
      double[] expected = ReferenceSampling.probabilities(logits, shape, new int[0], new int[0]);
      TokenHistory history = new TokenHistory(new int[0], 0);
      TokenSampler sampler = new TokenSampler(shape, 6);
      long[] counts = new long[6];
      for (int i = 0; i < 50_000; i++) {
        counts[sampler.sample(logits, 0, history)]++;
        history.append(0);
      }
      assertThat(ChiSquare.deviation(counts, expected)).isLessThan(4);
    }
  }
}
