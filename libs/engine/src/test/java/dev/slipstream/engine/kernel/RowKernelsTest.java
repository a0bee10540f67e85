package dev.slipstream.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other bits than the scalar twin's would make answers depend on the machine. */
class RowKernelsTest {
  private static final int OFFSET = 3;

  private final RowKernels scalar = new ScalarRowKernels();
  private RowKernels vector;

  @BeforeEach
  void needsVectors() {
    assumeTrue(VectorRowKernels.isSupported(), "skipped: no suitable vectors here");
    vector = new VectorRowKernels();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 15, 16, 17, 31, 33, 64, 100, 576, 1536, 1541})
  void everyStepHasTheBitsOfTheScalarTwin(int n) {
    Random random = new Random(n);
    float[] x = values(random, n + 2 * OFFSET);
    float[] y = values(random, n + 2 * OFFSET);
    float[] weight = values(random, n);

    float[] expected = x.clone();
    float[] actual = x.clone();
    scalar.rmsNorm(x, OFFSET, weight, 1e-5f, expected, OFFSET, n, values(random, 16));
    vector.rmsNorm(x, OFFSET, weight, 1e-5f, actual, OFFSET, n, values(random, 16));
    assertThat(actual).isEqualTo(expected);

    scalar.siluMultiply(expected, OFFSET, y, OFFSET, n, new float[n]);
    vector.siluMultiply(actual, OFFSET, y, OFFSET, n, new float[n]);
    assertThat(actual).isEqualTo(expected);

    scalar.geluMultiply(expected, OFFSET, y, OFFSET, n, new float[n]);
    vector.geluMultiply(actual, OFFSET, y, OFFSET, n, new float[n]);
    assertThat(actual).isEqualTo(expected);

    scalar.softCap(expected, OFFSET, 30, n, new float[n]);
    vector.softCap(actual, OFFSET, 30, n, new float[n]);
    assertThat(actual).isEqualTo(expected);

    scalar.add(expected, OFFSET, y, OFFSET, n);
    vector.add(actual, OFFSET, y, OFFSET, n);
    assertThat(actual).isEqualTo(expected);

    scalar.exp(y, OFFSET, 1, -3.5f, expected, OFFSET, n);
    vector.exp(y, OFFSET, 1, -3.5f, actual, OFFSET, n);
    assertThat(actual).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void sumsOfColumnsHaveTheBitsOfTheScalarTwin(int width) {
    float[] tile = values(new Random(width), OFFSET + 16 * width);
    float[] expected = new float[width + OFFSET];
    float[] actual = expected.clone();
    scalar.sumColumns(tile, OFFSET, width, expected, OFFSET);
    vector.sumColumns(tile, OFFSET, width, actual, OFFSET);
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void aRangeCanBeDividedAnywhere() {
    Random random = new Random(1);
    float[] gate = values(random, 101);
    float[] up = values(random, 101);
    float[] divided = gate.clone();
    float[] scratch = new float[101];
    vector.siluMultiply(gate, 0, up, 0, 101, scratch);
    vector.siluMultiply(divided, 0, up, 0, 37, scratch);
    vector.siluMultiply(divided, 37, up, 37, 64, scratch);
    assertThat(divided).isEqualTo(gate);
  }

  @Test
  void normsAndActivationsAreExactToFloatRounding() {
    Random random = new Random(2);
    int n = 576;
    float[] x = values(random, n);
    float[] ones = values(random, n);
    float[] out = new float[n];
    vector.rmsNorm(x, 0, ones, 1e-5f, out, 0, n, new float[16]);
    double sum = 0;
    for (float v : x) {
      sum += (double) v * v;
    }
    for (int i = 0; i < n; i++) {
      double exact = x[i] / Math.sqrt(sum / n + 1e-5) * ones[i];
      assertThat((double) out[i]).isCloseTo(exact, within(Math.abs(exact) * 1e-6));
    }
    float[] gate = x.clone();
    vector.siluMultiply(gate, 0, ones, 0, n, out);
    for (int i = 0; i < n; i++) {
      double exact = x[i] / (1 + Math.exp(-x[i])) * ones[i];
      assertThat((double) gate[i]).isCloseTo(exact, within(Math.abs(exact) * 1e-6 + 1e-30));
    }
  }

  @Test
  void theTanhOfGeluAndOfCappedLogitsIsExactEnough() {
    float[] one = {1};
    float[] scratch = new float[1];
    for (float v = -9; v < 9; v += 0.0137f) {
      float[] gate = {v};
      vector.geluMultiply(gate, 0, one, 0, 1, scratch);
      double z = Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v);
      assertThat((double) gate[0]).isCloseTo(v / (1 + Math.exp(-2 * z)), within(1e-6));
      float[] logit = {10 * v};
      vector.softCap(logit, 0, 30, 1, scratch);
      assertThat((double) logit[0]).isCloseTo(30 * Math.tanh(10 * v / 30.0), within(1e-5));
    }
    float[] broken = {Float.NaN};
    vector.softCap(broken, 0, 30, 1, scratch);
    assertThat(broken[0]).isNaN();
  }

  @Test
  void theEntropyIsExactEnough() {
    Random random = new Random(3);
    for (int n : new int[] {1, 2, 17, 49152}) {
      for (float size : new float[] {0, 1e-3f, 1, 30}) {
        float[] x = new float[OFFSET + n];
        for (int i = 0; i < x.length; i++) {
          x[i] = (float) (random.nextGaussian() * size) - 7;
        }
        float entropy = vector.entropy(x, OFFSET, n, new float[n]);
        assertThat(entropy).isEqualTo(scalar.entropy(x, OFFSET, n, new float[n]));
        assertThat((double) entropy).isCloseTo(entropy(x, n), within(1e-5));
      }
    }
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      assertThat(vector.entropy(new float[] {1, bad, 2}, 0, 3, new float[3])).isNaN();
    }
  }

  private static double entropy(float[] x, int n) {
    double sum = 0;
    for (int i = OFFSET; i < OFFSET + n; i++) {
      sum += Math.exp(x[i]);
    }
    double entropy = 0;
    for (int i = OFFSET; i < OFFSET + n; i++) {
      entropy -= Math.exp(x[i]) / sum * (x[i] - Math.log(sum));
    }
    return entropy;
  }

  @Test
  void theExponentialIsExactEnough() {
    float[] x = {Float.NEGATIVE_INFINITY, Float.NaN, 1000, -87.5f};
    float[] out = new float[4];
    vector.exp(x, 0, 1, 0, out, 0, 4);
    assertThat(out[0]).isZero();
    assertThat(out[1]).isZero();
    assertThat(out[2]).isFinite();
    assertThat(out[3]).isZero();
    for (float v = 88; v > -86; v -= 0.0137f) {
      double exact = Math.exp(v);
      assertThat((double) Exponential.exp(v)).isCloseTo(exact, within(exact * 2.5e-7));
    }
  }

  /** Of all sizes, extremes included. */
  private static float[] values(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(5) - 2));
    }
    return values;
  }
}
