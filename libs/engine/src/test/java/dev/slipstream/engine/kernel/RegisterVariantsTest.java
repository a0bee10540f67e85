package dev.slipstream.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.kernel.Kernels.Codes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Machines with few and with many vector registers compute in different tiles; a machine runs only
 * its own in all other tests. Other bits would make answers depend on the machine.
 */
class RegisterVariantsTest {
  private static final int COLUMNS = 96;
  private static final int BLOCK = 32;
  private static final int GROUPS = 5;

  @BeforeAll
  static void needsVectors() {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "skipped: there is no Vector API");
  }

  @ParameterizedTest
  @EnumSource
  void bothHaveTheBitsOfTheScalarTwin(Codes codes) {
    Kernels many = new VectorKernels(true);
    Kernels few = new VectorKernels(false);
    Random random = new Random(codes.ordinal());
    MemorySegment weights = weights(codes, random, GROUPS * COLUMNS * rows(many));
    for (int tokens : new int[] {1, 2, 4}) {
      float[] x = gaussians(random, COLUMNS * tokens);
      for (int groups = 1; groups <= GROUPS; groups++) {
        float[] expected =
            results(new ScalarKernels(many.lanes()), codes, weights, groups, x, tokens);
        assertThat(results(many, codes, weights, groups, x, tokens)).isEqualTo(expected);
        assertThat(results(few, codes, weights, groups, x, tokens)).isEqualTo(expected);
      }
    }
  }

  private static int rows(Kernels kernels) {
    return Kernels.ROW_VECTORS * kernels.lanes();
  }

  private static float[] results(
      Kernels kernels, Codes codes, MemorySegment weights, int groups, float[] x, int tokens) {
    int results = tokens * rows(kernels);
    int blocks = COLUMNS / BLOCK;
    long bytes = weights.byteSize() / GROUPS;
    float[] sums = new float[groups * blocks * results];
    kernels.sum(
        codes,
        weights.address(),
        bytes,
        groups,
        x,
        0,
        tokens,
        COLUMNS,
        BLOCK,
        sums,
        blocks * results);
    float[] out = new float[groups * results];
    for (int g = 0; g < groups; g++) {
      float[] totals = new float[2 * results];
      kernels.addPlain(sums, g * blocks * results, tokens, blocks, totals, 0);
      kernels.finish(codes, 0, totals, 0, tokens, tokens, out, g * results, rows(kernels));
    }
    return out;
  }

  /** Any bits are codes, but as float16 and bfloat16 they must be finite and of ordinary size. */
  private static MemorySegment weights(Codes codes, Random random, int count) {
    Arena arena = Arena.ofAuto();
    return switch (codes) {
      case NIBBLES, BYTES -> {
        byte[] bytes = new byte[codes == Codes.BYTES ? count : count / 2];
        random.nextBytes(bytes);
        yield arena.allocateFrom(JAVA_BYTE, bytes);
      }
      case HALVES, BRAINS ->
          arena.allocateFrom(
              JAVA_INT, random.ints(count / 2).map(bits -> bits & 0xbfffbfff).toArray());
      case FLOATS -> arena.allocateFrom(JAVA_FLOAT, gaussians(random, count));
    };
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
