package dev.slipstream.engine.tensor;

import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.gguf.GgmlType;
import java.util.Random;

/**
 * Multiplies matrices of every type until the products have been compiled; a program of its own.
 */
final class AllProducts {
  private static final int ROWS = 256;
  private static final int COLUMNS = 768;
  private static final int CALLS = 1_500;

  private AllProducts() {}

  public static void main(String[] args) {
    try (ComputePool pool = new ComputePool(1)) {
      for (GgmlType type : GgmlType.values()) {
        WeightMatrix matrix =
            WeightMatrix.of(
                RandomTensor.of(type, ROWS, COLUMNS, new Random(1)).tensor(),
                pool,
                new WeightMemory());
        for (int tokens : new int[] {1, 2, 4, 32}) {
          multiply(matrix, tokens, pool);
        }
      }
    }
  }

  private static void multiply(WeightMatrix matrix, int tokens, ComputePool pool) {
    float[] x = new float[tokens * COLUMNS];
    float[] out = new float[tokens * ROWS];
    Activations packed = new Activations(tokens, COLUMNS);
    packed.pack(x, 0, COLUMNS, tokens, COLUMNS);
    for (int i = 0; i < CALLS / tokens + 200; i++) {
      pool.run(w -> matrix.multiply(packed, 0, matrix.groups(), out, 0, ROWS, w));
    }
  }
}
