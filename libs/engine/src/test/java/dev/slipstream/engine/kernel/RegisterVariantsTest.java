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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Machines with few and with many vector registers compute in different tiles; a machine runs only
 * its own in all other tests. Other bits would make answers depend on the machine.
 */
class RegisterVariantsTest {
  private static final int COLUMNS = 96;
  private static final int BLOCK = 32;

  /** One way of computing block sums. */
  interface BlockSums {
    void compute(Kernels kernels, Weights w, float[] x, int tokens, float[] sums);
  }

  record Weights(MemorySegment words, MemorySegment shorts, MemorySegment floats) {}

  @BeforeAll
  static void needsVectors() {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "skipped: there is no Vector API");
  }

  static Stream<Arguments> kernels() {
    return Stream.of(
        Arguments.of(
            Codes.NIBBLES,
            (BlockSums)
                (k, w, x, t, z) -> k.nibbles(w.shorts().address(), x, 0, t, COLUMNS, BLOCK, z)),
        Arguments.of(
            Codes.BYTES,
            (BlockSums)
                (k, w, x, t, z) -> k.bytes(w.words().address(), x, 0, t, COLUMNS, BLOCK, z)),
        Arguments.of(
            Codes.HALVES,
            (BlockSums)
                (k, w, x, t, z) -> k.halves(w.words().address(), x, 0, t, COLUMNS, BLOCK, z)),
        Arguments.of(
            Codes.REAL,
            (BlockSums)
                (k, w, x, t, z) -> k.brains(w.words().address(), x, 0, t, COLUMNS, BLOCK, z)),
        Arguments.of(
            Codes.REAL,
            (BlockSums)
                (k, w, x, t, z) -> k.floats(w.floats().address(), x, 0, t, COLUMNS, BLOCK, z)));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void bothHaveTheBitsOfTheScalarTwin(Codes codes, BlockSums kernel) {
    Kernels many = new VectorKernels(true);
    int group = Kernels.ROW_VECTORS * many.lanes();
    Random random = new Random(codes.ordinal());
    Weights weights = weights(random, COLUMNS * group);
    for (int tokens : new int[] {1, 2, 4}) {
      float[] x = gaussians(random, COLUMNS * tokens);
      float[] expected =
          results(new ScalarKernels(many.lanes()), codes, kernel, weights, x, tokens);
      assertThat(results(many, codes, kernel, weights, x, tokens)).isEqualTo(expected);
      assertThat(results(new VectorKernels(false), codes, kernel, weights, x, tokens))
          .isEqualTo(expected);
    }
  }

  private static float[] results(
      Kernels kernels, Codes codes, BlockSums kernel, Weights weights, float[] x, int tokens) {
    int group = Kernels.ROW_VECTORS * kernels.lanes();
    float[] sums = new float[COLUMNS / BLOCK * tokens * group];
    float[] totals = new float[2 * tokens * group];
    float[] out = new float[tokens * group];
    kernel.compute(kernels, weights, x, tokens, sums);
    kernels.addPlain(sums, tokens, COLUMNS / BLOCK, totals, 0);
    kernels.finish(codes, 0, totals, 0, tokens, tokens, out, 0, group);
    return out;
  }

  /** Any bits are codes, but as float16 and bfloat16 they must be finite and of ordinary size. */
  private static Weights weights(Random random, int count) {
    int[] words = random.ints(count).map(bits -> bits & 0xbfffbfff).toArray();
    byte[] shorts = new byte[2 * count];
    random.nextBytes(shorts);
    Arena arena = Arena.ofAuto();
    return new Weights(
        arena.allocateFrom(JAVA_INT, words),
        arena.allocateFrom(JAVA_BYTE, shorts),
        arena.allocateFrom(JAVA_FLOAT, gaussians(random, count)));
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
