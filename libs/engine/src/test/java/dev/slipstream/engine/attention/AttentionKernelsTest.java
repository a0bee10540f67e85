package dev.slipstream.engine.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.cache.KvLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vector kernels must have the bits of their scalar twins, or answers depend on the machine.
 */
class AttentionKernelsTest {
  private final AttentionKernels scalar = new ScalarAttentionKernels();

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 6, 16, 34, 64, 80, 96, 128, 130})
  void scoresAndSumsHaveTheBitsOfTheScalarTwin(int dimension) {
    assumeTrue(VectorAttentionKernels.isSupported(), "skipped: no suitable vectors here");
    AttentionKernels vector = new VectorAttentionKernels();
    Random random = new Random(dimension);
    int stride = 64;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate((long) dimension * KvLayout.BLOCK_TOKENS * 2 + 64, 64);
      for (int t = 0; t < KvLayout.BLOCK_TOKENS; t++) {
        long at = (long) dimension * KvLayout.BLOCK_TOKENS * 2 + t * 4L;
        block.set(ValueLayout.JAVA_FLOAT, at, (float) Math.pow(10, random.nextInt(9) - 6));
      }
      for (long i = 0; i < (long) dimension * KvLayout.BLOCK_TOKENS; i++) {
        block.set(ValueLayout.JAVA_SHORT, i * 2, (short) random.nextInt(-32767, 32768));
      }
      float[] queries = gaussians(random, 3 + AttentionKernels.QUERIES * dimension);
      float[] expected = new float[AttentionKernels.QUERIES * stride];
      float[] actual = expected.clone();
      scalar.scores(block, 0, queries, 3, dimension, expected, 16, stride);
      vector.scores(block, 0, queries, 3, dimension, actual, 16, stride);
      assertThat(actual).isEqualTo(expected);

      for (int tokens : new int[] {1, 7, 16}) {
        float[] weights = gaussians(random, AttentionKernels.QUERIES * stride);
        float[] weights2 = weights.clone();
        scalar.scale(block, 0, dimension, weights, 5);
        vector.scale(block, 0, dimension, weights2, 5);
        assertThat(weights2).isEqualTo(weights);

        float[] sums = gaussians(random, 2 + AttentionKernels.QUERIES * dimension);
        float[] sums2 = sums.clone();
        float[] sums3 = sums.clone();
        scalar.accumulate(block, 0, tokens, weights, 5, stride, 0, dimension, sums, 2, dimension);
        vector.accumulate(block, 0, tokens, weights, 5, stride, 0, dimension, sums2, 2, dimension);
        assertThat(sums2).isEqualTo(sums);
        for (int from = 0; from < dimension; from += 32) {
          int to = Math.min(dimension, from + 32);
          vector.accumulate(block, 0, tokens, weights, 5, stride, from, to, sums3, 2, dimension);
        }
        assertThat(sums3).isEqualTo(sums);
      }
    }
  }

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

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
