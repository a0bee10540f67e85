package dev.slipstream.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.kernel.Kernels.Codes;
import java.io.BufferedReader;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A kernel of more vector calls than C2 inlines still gives the right bits, but several times
 * slower: every vector becomes an object. C2 says so if it is asked.
 */
@Tag("slow")
class KernelInliningTest {
  private static final String CUTOFF = "NodeCountInliningCutoff";
  private static final Pattern CALLEE = Pattern.compile("@ \\d+ +(\\S+)::(\\S+) ");
  private static final String VECTORS = "jdk.incubator.vector.";

  /** So many vector calls, each of hundreds of nodes, are many. */
  private static final int MANY = 22;

  @Test
  void noKernelIsTooLargeForTheCompiler() throws Exception {
    assertThat(cutOff(AllKernels.class.getName())).isEmpty();
  }

  /** What the compiler makes parts of a product shares the limit. */
  @Test
  void noProductIsTooLargeForTheCompiler() throws Exception {
    assertThat(cutOff("dev.slipstream.engine.tensor.AllProducts")).isEmpty();
  }

  /** What the compiler refused to inline because of the limit. */
  private static List<String> cutOff(String main) throws Exception {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "skipped: there is no Vector API");
    Process process = new ProcessBuilder(command(main)).redirectErrorStream(true).start();
    List<String> cut = new ArrayList<>();
    boolean compiled = false;
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        compiled |= line.contains(VECTORS + "FloatVector::fromArray");
        if (line.contains(CUTOFF) && passesVectors(line)) {
          cut.add(line.strip());
        }
      }
    }
    assertThat(process.waitFor()).isZero();
    assertThat(compiled).as("kernels were compiled").isTrue();
    return cut;
  }

  /** Whether the method that the line is about takes or returns a vector. */
  private static boolean passesVectors(String line) throws ClassNotFoundException {
    Matcher callee = CALLEE.matcher(line);
    if (!callee.find()) {
      return false;
    }
    return Stream.of(Class.forName(callee.group(1)).getDeclaredMethods())
        .filter(method -> method.getName().equals(callee.group(2)))
        .flatMap(m -> Stream.concat(Stream.of(m.getReturnType()), Stream.of(m.getParameterTypes())))
        .anyMatch(type -> type.getName().startsWith(VECTORS));
  }

  /**
   * C2 inlines the Vector API whatever it costs, but a method of ours only below the limit. Whether
   * a caller reaches that is up to the order in which things become hot: some processes would be
   * slow, and some not.
   */
  @Test
  void kernelsOfManyCallsCallNoMethodOfOursWithVectors() throws Exception {
    Path classes =
        Path.of(VectorKernels.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Path> files;
    try (Stream<Path> all = Files.walk(classes)) {
      files = all.filter(file -> file.toString().endsWith(".class")).toList();
    }
    List<String> calls = new ArrayList<>();
    int large = 0;
    for (Path file : files) {
      for (MethodModel method : ClassFile.of().parse(file).methods()) {
        CodeAttribute code = method.findAttribute(Attributes.code()).orElse(null);
        if (code != null && vectorCalls(code).count() >= MANY) {
          large++;
          vectorCalls(code)
              .filter(call -> call.owner().asInternalName().startsWith("dev/slipstream"))
              .filter(call -> call.type().stringValue().contains("Vector;"))
              .forEach(call -> calls.add(file.getFileName() + " calls " + call.name()));
        }
      }
    }
    assertThat(calls).isEmpty();
    assertThat(large).isPositive();
  }

  private static Stream<InvokeInstruction> vectorCalls(CodeAttribute code) {
    return code.elementStream()
        .filter(InvokeInstruction.class::isInstance)
        .map(InvokeInstruction.class::cast)
        .filter(
            call -> (call.owner().asInternalName() + call.type().stringValue()).contains("Vector"));
  }

  private static List<String> command(String main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules",
        "jdk.incubator.vector",
        "-XX:-UseFPUForSpilling",
        "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:+PrintInlining",
        "-cp",
        System.getProperty("java.class.path"),
        main);
  }

  /** Runs every kernel by itself until it has been compiled. */
  static final class AllKernels {
    private static final int COLUMNS = 384;
    private static final int BLOCK = 32;
    private static final int BLOCKS = COLUMNS / BLOCK;
    private static final int CALLS = 3_000;

    /** Enough for every kernel, and one more. */
    private static final int GROUPS = 4;

    private final Kernels kernels;
    private final int group;
    private final long weights;
    private final long unpacked;
    private final float[] floats;
    private final float[] x = new float[4 * COLUMNS];
    private final float[] sums;
    private final float[] totals;

    private AllKernels(Kernels kernels) {
      this.kernels = kernels;
      this.group = Kernels.ROW_VECTORS * kernels.lanes();
      this.weights = Arena.global().allocate(4L * COLUMNS * group, 64).address();
      this.unpacked = Arena.global().allocate(4L * COLUMNS * group, 64).address();
      this.floats = new float[COLUMNS * group];
      this.sums = new float[GROUPS * 4 * BLOCKS * group];
      this.totals = new float[8 * group];
    }

    public static void main(String[] args) {
      for (boolean manyRegisters : new boolean[] {true, false}) {
        new AllKernels(new VectorKernels(manyRegisters)).run();
      }
    }

    private void run() {
      for (int tokens : new int[] {1, 2, 4}) {
        int apart = tokens * BLOCKS * group;
        for (Codes codes : Codes.values()) {
          repeat(
              () ->
                  kernels.sum(
                      codes, weights, 0, GROUPS, x, 0, tokens, COLUMNS, BLOCK, sums, apart));
        }
        repeat(() -> kernels.addPlain(sums, 0, tokens, BLOCKS, totals, 0));
        repeat(() -> kernels.addScaled(weights, 4L * group, sums, 0, tokens, BLOCKS, totals, 0));
        repeat(() -> kernels.addMins(weights, 4L * group, x, 0, tokens, BLOCKS, totals, 0));
      }
      for (Codes codes : Codes.values()) {
        repeat(() -> kernels.unpack(codes, weights, COLUMNS, unpacked));
      }
      repeat(() -> kernels.unpackPairs(weights, BLOCKS * group, unpacked));
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
