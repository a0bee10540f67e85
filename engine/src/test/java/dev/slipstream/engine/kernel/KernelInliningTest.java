package dev.slipstream.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A kernel of more vector calls than C2 inlines still gives the right bits, but several times
 * slower: every vector becomes an object. C2 says so if it is asked.
 */
class KernelInliningTest {
  private static final String CUTOFF = "NodeCountInliningCutoff";
  private static final String KERNELS = "dev.slipstream.engine.kernel.";
  private static final String VECTORS = "jdk.incubator.vector.";

  @Test
  void noKernelIsTooLargeForTheCompiler() throws Exception {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "skipped: there is no Vector API");
    Process process = new ProcessBuilder(command()).redirectErrorStream(true).start();
    List<String> cut = new ArrayList<>();
    boolean compiled = false;
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        compiled |= line.contains(VECTORS + "FloatVector::fromArray");
        if (line.contains(CUTOFF) && (line.contains(KERNELS) || line.contains(VECTORS))) {
          cut.add(line.strip());
        }
      }
    }
    assertThat(process.waitFor()).isZero();
    assertThat(compiled).as("kernels were compiled").isTrue();
    assertThat(cut).isEmpty();
  }

  private static List<String> command() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules",
        "jdk.incubator.vector",
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:+PrintInlining",
        "-cp",
        System.getProperty("java.class.path"),
        AllKernels.class.getName());
  }

  /** Runs every kernel by itself until it has been compiled. */
  static final class AllKernels {
    private static final int COLUMNS = 384;
    private static final int BLOCK = 32;
    private static final int BLOCKS = COLUMNS / BLOCK;
    private static final int CALLS = 3_000;

    private final Kernels kernels;
    private final int group;
    private final int[] words;
    private final short[] shorts;
    private final float[] floats;
    private final float[] x = new float[4 * COLUMNS];
    private final float[] sums;
    private final float[] totals;

    private AllKernels(Kernels kernels) {
      this.kernels = kernels;
      this.group = Kernels.ROW_VECTORS * kernels.lanes();
      this.words = new int[COLUMNS * group];
      this.shorts = new short[COLUMNS * group];
      this.floats = new float[COLUMNS * group];
      this.sums = new float[4 * BLOCKS * group];
      this.totals = new float[8 * group];
    }

    public static void main(String[] args) {
      for (boolean manyRegisters : new boolean[] {true, false}) {
        new AllKernels(new VectorKernels(manyRegisters)).run();
      }
    }

    private void run() {
      for (int tokens : new int[] {1, 2, 4}) {
        repeat(() -> kernels.nibbles(shorts, 0, x, 0, tokens, COLUMNS, BLOCK, sums));
        repeat(() -> kernels.bytes(words, 0, x, 0, tokens, COLUMNS, BLOCK, sums));
        repeat(() -> kernels.halves(words, 0, x, 0, tokens, COLUMNS, BLOCK, sums));
        repeat(() -> kernels.brains(words, 0, x, 0, tokens, COLUMNS, BLOCK, sums));
        repeat(() -> kernels.floats(floats, 0, x, 0, tokens, COLUMNS, BLOCK, sums));
        repeat(() -> kernels.addPlain(sums, tokens, BLOCKS, totals, 0));
        repeat(() -> kernels.addScaled(floats, 0, sums, tokens, BLOCKS, totals, 0));
        repeat(() -> kernels.addMins(floats, 0, x, 0, tokens, BLOCKS, totals, 0));
      }
      repeat(() -> kernels.unpackNibbles(shorts, 0, COLUMNS, floats));
      repeat(() -> kernels.unpackBytes(words, 0, COLUMNS, floats));
      repeat(() -> kernels.unpackHalves(words, 0, COLUMNS, floats));
      repeat(() -> kernels.unpackBrains(words, 0, COLUMNS, floats));
      repeat(() -> kernels.unpackPairs(words, 0, BLOCKS * group, floats));
      RowKernels rows = new VectorRowKernels();
      repeat(() -> rows.rmsNorm(x, 0, floats, 1e-5f, sums, 0, COLUMNS, totals));
      repeat(() -> rows.siluMultiply(x, 0, floats, 0, COLUMNS, sums));
      repeat(() -> rows.add(x, 0, floats, 0, COLUMNS));
      repeat(() -> rows.sumColumns(x, 0, 4, sums, 0));
    }

    private static void repeat(Runnable kernel) {
      for (int i = 0; i < CALLS; i++) {
        kernel.run();
      }
    }
  }
}
