package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** A drafter that sends a false q would change the answer, so it is refused. */
class DraftDistributionTest {

  @Test
  void looksUpTokensThatCameInAnyOrder() {
    DraftDistribution q = DraftDistribution.of(new int[] {9, 2, 5}, new float[] {0.5f, 0.2f, 0.3f});
    assertThat(q.probabilityOf(2)).isCloseTo(0.2, within(1e-6));
    assertThat(q.probabilityOf(9)).isCloseTo(0.5, within(1e-6));
    assertThat(q.probabilityOf(3)).isZero();
    assertThat(q.token(0)).isEqualTo(2);
  }

  @Test
  void refusesWhatIsNoDistribution() {
    refuses("adds up to", new int[] {1, 2}, 0.5f, 0.4f);
    refuses("adds up to", new int[] {1, 2}, 0.5f, Float.POSITIVE_INFINITY);
    refuses("token 2", new int[] {1, 2}, 1.5f, -0.5f);
    refuses("token 1", new int[] {1, 2}, Float.NaN, 1);
    refuses("token 1 twice", new int[] {1, 2, 1}, 0.25f, 0.5f, 0.25f);
    refuses("1 tokens and 2", new int[] {1}, 0.5f, 0.5f);
    refuses("0 tokens", new int[0]);
  }

  @Test
  void roundingOnTheWireIsForgiven() {
    DraftDistribution q = DraftDistribution.of(new int[] {1, 2}, new float[] {0.5f, 0.4995f});
    assertThat(q.probability(0) + q.probability(1)).isCloseTo(1, within(1e-12));
  }

  private static void refuses(String message, int[] tokens, float... probabilities) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DraftDistribution.of(tokens, probabilities))
        .withMessageContaining(message);
  }
}
