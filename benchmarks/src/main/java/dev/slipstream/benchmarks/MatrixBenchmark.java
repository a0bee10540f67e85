package dev.slipstream.benchmarks;

import dev.slipstream.models.gguf.GgmlType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Matrix times vector: PIPO's layer and FR-Spec's head. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:-UseFPUForSpilling",
      "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
      "--add-modules=jdk.incubator.vector",
      "-Xmx2g"
    })
@State(Scope.Benchmark)
public class MatrixBenchmark {

  /** What is multiplied. */
  public enum Shape {
    /** PIPO run_layer: what is timed there is a float32 product from a cache of 67 MB. */
    PIPO_SEED_PATH(GgmlType.F32, 4096, 4096),
    /** The same from four-bit weights: 9.4 MB are read. */
    PIPO_REAL_PATH(GgmlType.Q4_0, 4096, 4096),
    /** FRSpec head.forward: a quarter of 32,000 rows. */
    FRSPEC_SEED_PATH(GgmlType.F32, 8000, 4096),
    /** A quarter of SmolLM2's head. */
    FRSPEC_REAL_PATH(GgmlType.Q8_0, 12288, 576);

    private final GgmlType type;
    private final int rows;
    private final int columns;

    Shape(GgmlType type, int rows, int columns) {
      this.type = type;
      this.rows = rows;
      this.columns = columns;
    }
  }

  @Param private Shape shape;

  @Param("2")
  private int threads;

  private MatrixProduct product;

  @Setup
  public void make() {
    product = new MatrixProduct(shape.type, shape.rows, shape.columns, threads);
  }

  @TearDown
  public void close() {
    product.close();
  }

  @Benchmark
  public float[] multiply() {
    return product.multiply();
  }
}
