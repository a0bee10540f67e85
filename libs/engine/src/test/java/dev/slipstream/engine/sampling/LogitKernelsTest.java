package dev.slipstream.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Fast sampling must not draw from another distribution than the plain loops describe. */
class LogitKernelsTest {
  private final LogitKernels scalar = new ScalarLogitKernels();
  private final LogitKernels vector = new VectorLogitKernels();

  @Property(tries = 400)
  void vectorsAgreeWithPlainLoops(
      @ForAll @IntRange(min = 1, max = 3000) int length,
      @ForAll @IntRange(max = 17) int offset,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] row = new float[offset + length + 5];
    for (int i = 0; i < row.length; i++) {
      float value = (float) (20 * random.nextGaussian());
      row[i] = random.nextBoolean() ? Math.round(value) : value;
      row[i] = random.nextInt(50) == 0 ? Float.NEGATIVE_INFINITY : row[i];
    }
    row[offset + random.nextInt(length)] = 3;
    float temperature = random.nextBoolean() ? 1 : 0.1f + random.nextFloat();
    float max = scalar.max(row, offset, length);
    float[] expected = new float[length];
    float[] actual = new float[length];

    double sum = scalar.exp(row, offset, length, max, temperature, expected);

    assertThat(vector.max(row, offset, length)).isEqualTo(max);
    assertThat(vector.exp(row, offset, length, max, temperature, actual))
        .isCloseTo(sum, within(1e-5 * sum));
    assertThat(actual).isEqualTo(expected);
    assertThat(vector.sumExp(row, offset, length, max, temperature))
        .isCloseTo(sum, within(1e-5 * sum));
    assertThat(scalar.sumExp(row, offset, length, max, temperature)).isEqualTo(sum);
    for (float value : new float[] {max, 3, 1000}) {
      assertThat(vector.indexOf(row, offset, length, value))
          .isEqualTo(scalar.indexOf(row, offset, length, value));
      int from = random.nextInt(length + 1);
      assertThat(vector.firstAbove(row, offset, from, length, value - 1))
          .isEqualTo(scalar.firstAbove(row, offset, from, length, value - 1));
    }
  }

  @Property(tries = 100)
  void noNanIsOverlooked(@ForAll @IntRange(min = 1, max = 300) int length, @ForAll long seed) {
    float[] row = new float[length];
    row[new Random(seed).nextInt(length)] = Float.NaN;
    assertThat(scalar.max(row, 0, length)).isNaN();
    assertThat(vector.max(row, 0, length)).isNaN();
  }

  @Test
  void theExponentialIsRight() {
    for (float x = 0; x > -70; x -= 0.000_7f) {
      double exact = Math.exp(x);
      assertThat((double) ScalarLogitKernels.exp(x)).isCloseTo(exact, within(3e-7 * exact));
    }
    assertThat(ScalarLogitKernels.exp(0)).isEqualTo(1);
    assertThat(ScalarLogitKernels.exp(-87)).isZero();
    assertThat(ScalarLogitKernels.exp(-1e30f)).isZero();
    assertThat(ScalarLogitKernels.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(ScalarLogitKernels.exp(Float.NaN)).isNaN();
  }
}
