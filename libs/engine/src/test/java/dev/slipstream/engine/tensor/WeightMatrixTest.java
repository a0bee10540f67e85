package dev.slipstream.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.kernel.ScalarKernels;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.gguf.GgmlType;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** If these fail, the answers are not those of the weights, or depend on who else is served. */
@Tag("slow")
class WeightMatrixTest {
  private static final Kernels KERNELS = KernelSelection.kernels();

  @net.jqwik.api.Tag("slow")
  @Property(tries = 150)
  void computesTheProductOfTheExactWeights(
      @ForAll GgmlType type,
      @ForAll @IntRange(min = 1, max = 150) int rows,
      @ForAll @IntRange(min = 1, max = 700) int wantedColumns,
      @ForAll @IntRange(min = 1, max = 41) int batch,
      @ForAll long seed) {
    int columns = columns(type, wantedColumns);
    Random random = new Random(seed);
    RandomTensor weights = RandomTensor.of(type, rows, columns, random);
    float[] x = gaussian(batch * columns, random);
    float[] y = multiply(weights, x, batch, 1, KERNELS);
    for (int t = 0; t < batch; t++) {
      for (int r = 0; r < rows; r++) {
        double exact = 0;
        double size = 0;
        for (int k = 0; k < columns; k++) {
          double w = weights.values()[r * columns + k];
          exact += w * x[t * columns + k];
          size += (Math.abs(w) + offset(type, weights, r, columns)) * Math.abs(x[t * columns + k]);
        }
        assertThat(y[t * rows + r]).isBetween(near(exact, -size), near(exact, size));
      }
    }
  }

  @net.jqwik.api.Tag("slow")
  @Property(tries = 100)
  void hasTheSameBitsInAnyBatchWithAnyWorkersAndInScalarLoops(
      @ForAll GgmlType type,
      @ForAll @IntRange(min = 1, max = 300) int rows,
      @ForAll @IntRange(min = 1, max = 900) int wantedColumns,
      @ForAll @IntRange(min = 1, max = 41) int batch,
      @ForAll @IntRange(min = 1, max = 4) int workers,
      @ForAll long seed) {
    int columns = columns(type, wantedColumns);
    Random random = new Random(seed);
    RandomTensor weights = RandomTensor.of(type, rows, columns, random);
    float[] x = gaussian(batch * columns, random);
    float[] y = multiply(weights, x, batch, workers, KERNELS);
    assertThat(multiply(weights, x, batch, 1, new ScalarKernels(4))).isEqualTo(y);
    for (int t = 0; t < batch; t++) {
      float[] row = Arrays.copyOfRange(x, t * columns, (t + 1) * columns);
      float[] alone = multiply(weights, row, 1, 1, KERNELS);
      assertThat(alone).isEqualTo(Arrays.copyOfRange(y, t * rows, (t + 1) * rows));
    }
  }

  @ParameterizedTest
  @EnumSource(GgmlType.class)
  void readsAnEmbeddingAsGgmlDoes(GgmlType type) {
    RandomTensor weights = RandomTensor.of(type, 70, 512, new Random(1));
    try (ComputePool pool = new ComputePool(2)) {
      WeightMatrix matrix = WeightMatrix.of(weights.tensor(), pool, new WeightMemory());
      float[] row = new float[514];
      for (int r = 0; r < 70; r++) {
        matrix.dequantizeRow(r, row, 1);
        for (int k = 0; k < 512; k++) {
          assertThat(row[1 + k]).isEqualTo((float) weights.values()[r * 512 + k]);
        }
      }
      assertThat(row[0]).isZero();
      assertThat(row[513]).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"})
  void aScaleThatIsNotFiniteSpoilsItsOwnRowOnly(GgmlType type) {
    RandomTensor sound = RandomTensor.of(type, 70, 64, new Random(2));
    byte[] data = sound.tensor().data().toArray(ValueLayout.JAVA_BYTE);
    data[0] = 0x00;
    data[1] = 0x7c;
    float[] x = gaussian(64, new Random(3));
    float[] expected = multiply(sound, x, 1, 1, KERNELS);
    float[] y = multiply(RandomTensor.of(type, 70, 64, data), x, 1, 1, KERNELS);
    assertThat(Float.isFinite(y[0])).isFalse();
    assertThat(Arrays.copyOfRange(y, 1, 70)).isEqualTo(Arrays.copyOfRange(expected, 1, 70));
  }

  @Test
  void keepsInfiniteNanAndSubnormalHalfWeights() {
    byte[] data = new byte[2 * 4 * 33];
    short[] odd = {0x7c00, (short) 0xfc00, 0x7e00, 0x0001};
    for (int r = 0; r < 4; r++) {
      data[r * 66] = (byte) odd[r];
      data[r * 66 + 1] = (byte) (odd[r] >> 8);
    }
    float[] x = new float[33];
    Arrays.fill(x, 2);
    float[] y = multiply(RandomTensor.of(GgmlType.F16, 4, 33, data), x, 1, 1, KERNELS);
    assertThat(y)
        .containsExactly(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 0x1p-23f);
  }

  @Test
  void keepsEverySubnormalHalfWeight() {
    byte[] data = new byte[2 * 1024];
    for (int i = 0; i < 1024; i++) {
      data[2 * i] = (byte) i;
      data[2 * i + 1] = (byte) (i >> 8);
    }
    float[] y =
        multiply(RandomTensor.of(GgmlType.F16, 1024, 1, data), new float[] {1}, 1, 1, KERNELS);
    for (int i = 0; i < 1024; i++) {
      assertThat(y[i]).isEqualTo(i * 0x1p-24f);
    }
  }

  @Test
  void reportsActivationsOfTheWrongLength() {
    try (ComputePool pool = new ComputePool(1)) {
      RandomTensor weights = RandomTensor.of(GgmlType.F32, 3, 5, new Random(1));
      WeightMatrix matrix = WeightMatrix.of(weights.tensor(), pool, new WeightMemory());
      Activations x = new Activations(1, 8);
      assertThatThrownBy(
              () ->
                  pool.run(
                      w -> {
                        x.pack(new float[8], 0, 8, 1, 8);
                        matrix.multiply(x, 0, matrix.groups(), new float[3], 0, 3, w);
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("5 columns");
    }
  }

  private static float[] multiply(
      RandomTensor weights, float[] x, int batch, int workers, Kernels kernels) {
    try (ComputePool pool = new ComputePool(workers)) {
      WeightMatrix matrix = WeightMatrix.of(weights.tensor(), pool, kernels, new WeightMemory());
      float[] out = new float[batch * matrix.rows()];
      pool.run(
          w -> {
            Activations packed = new Activations(batch, matrix.columns());
            packed.pack(x, 0, matrix.columns(), batch, matrix.columns());
            int from = w.first(matrix.groups());
            matrix.multiply(packed, from, w.end(matrix.groups()), out, 0, matrix.rows(), w);
          });
      return out;
    }
  }

  /** The largest minimum that a format may add to and subtract from a weight. */
  private static double offset(GgmlType type, RandomTensor weights, int row, int columns) {
    if (type.blockElements() == 1) {
      return 0;
    }
    return Arrays.stream(weights.values(), row * columns, (row + 1) * columns)
        .map(Math::abs)
        .max()
        .orElse(0);
  }

  private static float near(double exact, double size) {
    return (float) (exact + size * 0x1p-20);
  }

  private static int columns(GgmlType type, int wanted) {
    int block = type.blockElements();
    return Math.ceilDiv(wanted, block) * block;
  }

  private static float[] gaussian(int n, Random random) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }
}
