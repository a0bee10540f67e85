package dev.slipstream.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Wrong weights that are taken for right ones would change every answer, and nobody would know. */
class WeightCacheTest {
  private static final int ROWS = 130;
  private static final int COLUMNS = 512;

  @TempDir Path folder;
  private Path model;
  private final ComputePool pool = new ComputePool(2);

  @BeforeEach
  void writeModel() throws IOException {
    model = Files.writeString(folder.resolve("model.gguf"), "stands for the model");
  }

  @AfterEach
  void close() {
    pool.close();
  }

  /** Other tensors in the second load would be seen if they were packed. */
  @Test
  void theNextStartFindsTheSameWeightsWithoutPacking() throws IOException {
    float[][] packed = load(tensors(1));
    assertThat(cacheFile()).exists();
    assertThat(load(tensors(2))).isDeepEqualTo(packed);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void aModelThatHasChangedIsPackedAgain() throws IOException {
    load(tensors(1));
    Files.setLastModifiedTime(model, FileTime.fromMillis(1_000_000));
    assertSame(load(tensors(2)), 2);
    assertSame(load(tensors(3)), 2);
    Files.writeString(model, "longer than the other model");
    Files.setLastModifiedTime(model, FileTime.fromMillis(1_000_000));
    assertSame(load(tensors(4)), 4);
  }

  /** Another model of the same kind, put there with the same time, as copies and archives do. */
  @Test
  void anotherModelOfTheSameSizeAndTimeIsPackedAgain() throws IOException {
    load(tensors(1));
    FileTime time = Files.getLastModifiedTime(model);
    Files.writeString(model, "stands for the mode1");
    Files.setLastModifiedTime(model, time);
    assertSame(load(tensors(2)), 2);
  }

  @Test
  void weightsPackedForOtherVectorsAreLeftAlone() throws IOException {
    load(tensors(1));
    Files.move(cacheFile(), folder.resolve("model.gguf.packed3"));
    WeightCache other = new WeightCache(model, 3, 0);
    assertThat(other.<Boolean>load(pool, WeightMemory::isFilled)).isFalse();
  }

  @Test
  void weightsOfAnotherArchitectureArePackedAgain() throws IOException {
    load(tensors(1));
    List<GgufTensor> fewer = tensors(2).subList(3, 5);
    float[][] expected = rows(fewer, new WeightMemory());
    assertThat(load(fewer)).isDeepEqualTo(expected);
    assertThat(load(fewer)).isDeepEqualTo(expected);
  }

  static IntStream places() {
    return new Random(7).ints(30, 0, 1000);
  }

  /**
   * @param place in thousandths of the file
   */
  @ParameterizedTest
  @MethodSource("places")
  void aDamagedFileIsWrittenAgain(int place) throws IOException {
    load(tensors(1));
    byte[] whole = Files.readAllBytes(cacheFile());
    byte[] damaged = whole.clone();
    // The header is a small part of the file, but has most to be got wrong.
    int at = place % 2 == 0 ? place : (int) ((long) place * whole.length / 1000);
    damaged[at] ^= (byte) (1 << place % 8);
    Files.write(cacheFile(), damaged);
    assertSame(load(tensors(1)), 1);
    assertThat(cacheFile()).hasBinaryContent(whole);
  }

  @ParameterizedTest
  @MethodSource("places")
  void aFileThatIsCutOffIsWrittenAgain(int place) throws IOException {
    load(tensors(1));
    byte[] whole = Files.readAllBytes(cacheFile());
    int end = place % 2 == 0 ? place : (int) ((long) place * whole.length / 1000);
    Files.write(cacheFile(), Arrays.copyOf(whole, end));
    assertSame(load(tensors(1)), 1);
    assertThat(cacheFile()).hasBinaryContent(whole);
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNoFailure() throws IOException {
    Files.createDirectories(cacheFile().resolve("full"));
    assertSame(load(tensors(1)), 1);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("no draft is left over").hasSize(2);
    }
  }

  @Test
  void smallModelsGetNoFile() throws IOException {
    new WeightCache(model).load(pool, memory -> rows(tensors(1), memory));
    assertThat(cacheFile()).doesNotExist();
  }

  private Path cacheFile() {
    return folder.resolve("model.gguf.packed" + KernelSelection.kernels().lanes());
  }

  private float[][] load(List<GgufTensor> tensors) throws IOException {
    WeightCache cache = new WeightCache(model, KernelSelection.kernels().lanes(), 0);
    return cache.load(pool, memory -> rows(tensors, memory));
  }

  private void assertSame(float[][] rows, int seed) {
    assertThat(rows).isDeepEqualTo(rows(tensors(seed), new WeightMemory()));
  }

  private static List<GgufTensor> tensors(int seed) {
    Random random = new Random(seed);
    return Stream.of(GgmlType.values())
        .map(type -> RandomTensor.of(type, ROWS, COLUMNS, random).tensor())
        .toList();
  }

  private float[][] rows(List<GgufTensor> tensors, WeightMemory memory) {
    List<float[]> rows = new ArrayList<>();
    for (GgufTensor tensor : tensors) {
      WeightMatrix matrix = WeightMatrix.of(tensor, pool, memory);
      for (int r = 0; r < ROWS; r++) {
        float[] row = new float[COLUMNS];
        matrix.dequantizeRow(r, row, 0);
        rows.add(row);
      }
    }
    return rows.toArray(float[][]::new);
  }
}
