package dev.slipstream.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Log-probabilities are what evaluation harnesses score models with: they must be right. */
class TokenLogprobsTest {

  @Property(tries = 200)
  void areTheLogarithmsOfTheSoftmax(
      @ForAll @IntRange(min = 1, max = 5000) int size,
      @ForAll @IntRange(max = 20) int top,
      @ForAll long seed) {
    Random random = new Random(seed);
    int offset = random.nextInt(4);
    float[] logits = new float[offset + size + 2];
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (8 * random.nextGaussian());
      sum += i >= offset && i < offset + size ? Math.exp(logits[i]) : 0;
    }
    int token = random.nextInt(size);

    TokenLogprobs actual = TokenLogprobs.of(logits, offset, size, token, top);

    assertThat(actual.chosen().token()).isEqualTo(token);
    assertThat((double) actual.chosen().logprob())
        .isCloseTo(logits[offset + token] - Math.log(sum), within(1e-5));
    assertThat(actual.top()).hasSize(Math.min(top, size));
    float previous = Float.POSITIVE_INFINITY;
    for (TokenLogprobs.Entry entry : actual.top()) {
      assertThat((double) entry.logprob())
          .isCloseTo(logits[offset + entry.token()] - Math.log(sum), within(1e-5));
      assertThat(entry.logprob()).isLessThanOrEqualTo(previous);
      previous = entry.logprob();
    }
    long better = 0;
    for (int t = 0; t < size; t++) {
      better += logits[offset + t] - Math.log(sum) > previous + 1e-5 ? 1 : 0;
    }
    assertThat(better).as("no likelier token was left out").isLessThan(Math.max(1, top));
  }

  @Test
  void equalTokensStandInTheirOrder() {
    float[] logits = {1, 3, 2, 3, 2, 2};
    assertThat(TokenLogprobs.of(logits, 0, 6, 0, 4).top())
        .extracting(TokenLogprobs.Entry::token)
        .containsExactly(1, 3, 2, 4);
  }

  @Test
  void theOnlyPossibleTokenHasLogprobZero() {
    float[] logits = {-1e30f, 12, Float.NEGATIVE_INFINITY};
    assertThat(TokenLogprobs.of(logits, 0, 3, 1, 0).chosen().logprob()).isZero();
  }

  @Test
  void refusesMoreAlternativesThanTheApiHas() {
    for (int top : new int[] {-1, 21}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TokenLogprobs.of(new float[30], 0, 30, 0, top))
          .withMessageContaining("top_logprobs");
    }
  }
}
