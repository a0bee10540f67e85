package dev.slipstream.benchmarks;

import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.Activations;
import dev.slipstream.engine.tensor.WeightMatrix;
import dev.slipstream.engine.tensor.WeightMemory;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A matrix of random weights, times one vector. */
final class MatrixProduct implements AutoCloseable {
  /** float16 1/64: a scale that keeps quantised weights small. */
  private static final short SCALE = 0x2400;

  private final ComputePool pool;
  private final WeightMatrix matrix;
  private final Activations[] packed;
  private final float[] x;
  private final float[] y;

  MatrixProduct(GgmlType type, int rows, int columns, int threads) {
    Random random = new Random(1);
    pool = new ComputePool(threads);
    matrix = WeightMatrix.of(tensor(type, rows, columns, random), pool, new WeightMemory());
    packed = new Activations[threads];
    Arrays.setAll(packed, i -> new Activations(1, columns));
    x = new float[columns];
    y = new float[rows];
    for (int i = 0; i < columns; i++) {
      x[i] = (float) random.nextGaussian();
    }
  }

  float[] multiply() {
    pool.run(
        worker -> {
          Activations mine = packed[worker.index()];
          mine.pack(x, 0, x.length, 1, x.length);
          int from = worker.first(matrix.groups());
          matrix.multiply(mine, from, worker.end(matrix.groups()), y, 0, y.length, worker);
        });
    return y;
  }

  private static GgufTensor tensor(GgmlType type, int rows, int columns, Random random) {
    byte[] bytes =
        new byte[Math.multiplyExact(rows, columns / type.blockElements() * type.blockBytes())];
    MemorySegment data = MemorySegment.ofArray(bytes);
    if (type == GgmlType.F32) {
      for (long i = 0; i < bytes.length; i += Float.BYTES) {
        data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) random.nextGaussian());
      }
    } else {
      random.nextBytes(bytes);
      for (long i = 0; i < bytes.length; i += type.blockBytes()) {
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, i, SCALE);
      }
    }
    return new GgufTensor("w", type, List.of((long) columns, (long) rows), data);
  }

  @Override
  public void close() {
    pool.close();
  }
}
