package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** What a drafter learns from must be the target's distribution, or it learns nonsense. */
class TeacherProbabilitiesTest {
  private static final float[] LOGITS = {99, 0, 2, 1, -1, 2, 99};

  @Test
  void theLikeliestTokensComeFirstAndTheTailIsWhatIsLeft() {
    TeacherProbabilities teacher = TeacherProbabilities.of(LOGITS, 1, 5, 3);

    double sum = Math.exp(0) + 2 * Math.exp(2) + Math.exp(1) + Math.exp(-1);
    assertThat(teacher.tokens()).containsExactly(1, 4, 2);
    assertThat(teacher.probabilities()[0]).isCloseTo((float) (Math.exp(2) / sum), within(1e-6f));
    assertThat(teacher.probabilities()[2]).isCloseTo((float) (Math.exp(1) / sum), within(1e-6f));
    assertThat(teacher.tailMass()).isCloseTo((float) ((1 + Math.exp(-1)) / sum), within(1e-6f));
  }

  @Test
  void aSmallVocabularyHasNoTail() {
    assertThat(TeacherProbabilities.of(LOGITS, 1, 5, 64).tokens()).hasSize(5);
    assertThat(TeacherProbabilities.of(LOGITS, 1, 5, 64).tailMass()).isCloseTo(0, within(1e-6f));
    assertThat(TeacherProbabilities.of(new float[200], 0, 200, 1000).tokens())
        .hasSize(TeacherProbabilities.MAX_TOKENS);
  }

  @Test
  void whatIsNoDistributionIsRefused() {
    refuses(new int[0], new float[0], 1);
    refuses(new int[] {1}, new float[] {0.5f, 0.5f}, 0);
    refuses(new int[] {1}, new float[] {Float.NaN}, 0.5f);
    refuses(new int[] {1, 2}, new float[] {-0.5f, 1}, 0.5f);
    refuses(new int[] {1}, new float[] {0.5f}, Float.NaN);
    refuses(new int[] {1}, new float[] {1.5f}, -0.5f);
    refuses(new int[] {1}, new float[] {0.5f}, 0.1f);
  }

  private static void refuses(int[] tokens, float[] probabilities, float tail) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TeacherProbabilities(tokens, probabilities, tail));
  }
}
