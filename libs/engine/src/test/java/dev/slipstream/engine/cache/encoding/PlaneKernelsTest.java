package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvEncoding.QUERIES;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.cache.KvEncoding;
import dev.slipstream.engine.cache.ValuePlane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vector kernels must have the bits of their scalar twins, or answers depend on the machine.
 */
class PlaneKernelsTest {
  private static final int STRIDE = 64;
  private static final int OFFSET = 16;

  @BeforeEach
  void requireVectors() {
    assumeTrue(KernelChoice.VECTORS, "skipped: no suitable vectors here");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 6, 16, 34, 64, 80, 96, 128, 130})
  void scaledIntegers(int dimension) {
    Random random = new Random(dimension);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment plane = integers(arena, dimension, random);
      compare(new ScaledIntegers(false), new ScaledIntegers(true), dimension, plane, random);
    }
  }

  private static MemorySegment integers(Arena arena, int dimension, Random random) {
    int elements = dimension * BLOCK_TOKENS;
    MemorySegment plane = arena.allocate(2L * elements + 4L * BLOCK_TOKENS, 64);
    for (int i = 0; i < elements; i++) {
      plane.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) random.nextInt(-32767, 32768));
    }
    for (int t = 0; t < BLOCK_TOKENS; t++) {
      float scale = (float) Math.pow(10, random.nextInt(9) - 6);
      plane.set(ValueLayout.JAVA_FLOAT, 2L * elements + 4L * t, scale);
    }
    return plane;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 6, 16, 34, 64, 80, 96, 128, 130})
  void floats(int dimension) {
    Random random = new Random(dimension);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment plane = arena.allocate((long) dimension * BLOCK_TOKENS * Float.BYTES, 64);
      for (int i = 0; i < dimension * BLOCK_TOKENS; i++) {
        float x = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 6));
        plane.setAtIndex(ValueLayout.JAVA_FLOAT, i, x);
      }
      compare(new Floats(false), new Floats(true), dimension, plane, random);
    }
  }

  private static void compare(
      KvEncoding scalar, KvEncoding vector, int dimension, MemorySegment plane, Random random) {
    float[] queries = gaussians(random, 3 + QUERIES * dimension);
    float[] expected = gaussians(random, QUERIES * STRIDE);
    float[] actual = expected.clone();
    scalar.keys(dimension).scores(plane, 0, queries, 3, expected, OFFSET, STRIDE);
    vector.keys(dimension).scores(plane, 0, queries, 3, actual, OFFSET, STRIDE);
    assertThat(actual).isEqualTo(expected);

    ValuePlane scalarValues = scalar.values(dimension);
    ValuePlane vectorValues = vector.values(dimension);
    for (int tokens : new int[] {1, 7, 16}) {
      float[] weights = gaussians(random, QUERIES * STRIDE);
      float[] prepared = weights.clone();
      scalarValues.prepare(plane, 0, weights, 5);
      vectorValues.prepare(plane, 0, prepared, 5);
      assertThat(prepared).isEqualTo(weights);

      float[] sums = gaussians(random, 2 + QUERIES * dimension);
      float[] whole = sums.clone();
      float[] sliced = sums.clone();
      scalarValues.accumulate(plane, 0, tokens, weights, 5, STRIDE, 0, dimension, sums, 2);
      vectorValues.accumulate(plane, 0, tokens, weights, 5, STRIDE, 0, dimension, whole, 2);
      assertThat(whole).isEqualTo(sums);
      for (int from = 0; from < dimension; from += 32) {
        int to = Math.min(dimension, from + 32);
        vectorValues.accumulate(plane, 0, tokens, weights, 5, STRIDE, from, to, sliced, 2);
      }
      assertThat(sliced).isEqualTo(sums);
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
