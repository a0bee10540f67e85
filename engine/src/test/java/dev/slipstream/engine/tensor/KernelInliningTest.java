package dev.slipstream.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.gguf.GgmlType;
import dev.slipstream.engine.runtime.ComputePool;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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

  /** Runs every kernel until it has been compiled. */
  static final class AllKernels {
    private static final int[] BATCHES = {1, 2, 4, 64};
    private static final int PASSES = 150;

    private AllKernels() {}

    public static void main(String[] args) throws IOException {
      Random random = new Random(1);
      try (ComputePool pool = new ComputePool(1)) {
        for (GgmlType type : GgmlType.values()) {
          var matrix = WeightMatrix.of(RandomTensor.of(type, 192, 512, random).tensor(), pool);
          for (int batch : BATCHES) {
            float[] x = new float[batch * matrix.columns()];
            float[] y = new float[batch * matrix.rows()];
            Activations packed = new Activations(batch, matrix.columns());
            for (int i = 0; i < PASSES; i++) {
              pool.run(
                  w -> {
                    packed.pack(x, 0, matrix.columns(), batch, matrix.columns());
                    matrix.multiply(packed, 0, matrix.groups(), y, 0, matrix.rows(), w);
                  });
            }
          }
        }
      }
    }
  }
}
