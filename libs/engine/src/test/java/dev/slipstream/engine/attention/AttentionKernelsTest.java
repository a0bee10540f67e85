package dev.slipstream.engine.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vector kernels must have the bits of their scalar twins, or answers depend on the machine.
 */
class AttentionKernelsTest {
  private final AttentionKernels scalar = new ScalarAttentionKernels();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 100, 1023})
  void softmaxHasTheBitsOfTheScalarTwinAndAddsUpToOne(int length) {
    Random random = new Random(length);
    float[] raw = new float[length + 40];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (float) (random.nextGaussian() * 20);
    }
    float[] expected = raw.clone();
    scalar.softmax(expected, 3, length, new float[AttentionKernels.PARTIALS]);
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, (double) raw[3 + i]);
    }
    for (int i = 0; i < length; i++) {
      sum += Math.exp((double) raw[3 + i] - max);
    }
    for (int i = 0; i < length; i++) {
      double weight = Math.exp((double) raw[3 + i] - max) / sum;
      assertThat((double) expected[3 + i]).isCloseTo(weight, within(weight * 2e-5 + 1e-30));
    }
    if (VectorAttentionKernels.isSupported()) {
      float[] actual = raw.clone();
      new VectorAttentionKernels().softmax(actual, 3, length, new float[AttentionKernels.PARTIALS]);
      for (int i = 0; i < length; i++) {
        assertThat(actual[3 + i]).isEqualTo(expected[3 + i]);
      }
    }
  }
}
