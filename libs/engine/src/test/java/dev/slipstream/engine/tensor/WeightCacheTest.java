package dev.slipstream.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong weights that are taken for right ones would change every answer, and nobody would know. */
@Tag("slow")
class WeightCacheTest {
  private static final int ROWS = 130;
  private static final int COLUMNS = 512;

  /** Magic, version, lanes, size, samples and digest. */
  private static final int IDENTITY_BYTES = 8 + 4 + 4 + 8 + 8 + 32;

  @TempDir Path folder;
  @TempDir Path home;
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
    assertThat(load(tensors(2))).isDeepEqualTo(packed);
    assertThat(names()).as("the weights and the key").hasSize(2);
  }

  @Test
  void aModelThatWasOnlyTouchedOrCopiedIsTheSame() throws IOException {
    float[][] packed = load(tensors(1));
    Files.setLastModifiedTime(model, FileTime.fromMillis(1_000_000));
    assertThat(load(tensors(2))).isDeepEqualTo(packed);
    model = Files.copy(model, folder.resolve("copy.gguf"));
    assertThat(load(tensors(3))).isDeepEqualTo(packed);
  }

  @Test
  void aModelOfOtherContentIsPackedAgain() throws IOException {
    load(tensors(1));
    Files.writeString(model, "longer than the other model");
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

  /** What another user's processes wrote, with all checksums right. */
  @Test
  void weightsWrittenWithAnotherKeyArePackedAgain() throws IOException {
    load(tensors(1));
    byte[] forged = Files.readAllBytes(packedFile());
    Files.delete(packed().resolve(LocalSecret.FILE));
    Files.delete(packedFile());
    load(tensors(2));
    Files.write(packedFile(), forged);
    assertSame(load(tensors(2)), 2);
    assertThat(Files.readAllBytes(packedFile())).isNotEqualTo(forged);
  }

  /** Changed weights under a digest that was made anew: all but the key is known to anybody. */
  @Test
  void weightsThatWereChangedWithTheirChecksumsArePackedAgain() throws Exception {
    load(tensors(1));
    byte[] whole = Files.readAllBytes(packedFile());
    byte[] forged = whole.clone();
    ByteBuffer view = ByteBuffer.wrap(forged).order(ByteOrder.LITTLE_ENDIAN);
    int entries = view.getInt(IDENTITY_BYTES);
    int lengths = IDENTITY_BYTES + 4;
    int digests = lengths + 8 * entries;
    long pieces =
        IntStream.range(0, entries).filter(i -> view.getLong(lengths + 8 * i) > 0).count();
    int data = digests + (int) pieces * 32 + LocalSecret.CODE_BYTES;
    int first = 0;
    while (view.getLong(lengths + 8 * first) < 0) {
      first++;
    }
    int length = (int) view.getLong(lengths + 8 * first);
    forged[data + 7] ^= 1;
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    sha.update(whole, data, length);
    assertThat(sha.digest()).isEqualTo(Arrays.copyOfRange(whole, digests, digests + 32));
    sha.update(forged, data, length);
    System.arraycopy(sha.digest(), 0, forged, digests, 32);
    Files.write(packedFile(), forged);
    assertSame(load(tensors(1)), 1);
    assertThat(packedFile()).hasBinaryContent(whole);
  }

  @Test
  void nobodyElseCanReadOrReplaceWhatIsKept() throws IOException {
    load(tensors(1));
    assertThat(permissions(packed())).isEqualTo("rwx------");
    assertThat(permissions(packedFile())).isEqualTo("rw-------");
    assertThat(permissions(packed().resolve(LocalSecret.FILE))).isEqualTo("rw-------");
    Files.setPosixFilePermissions(packed(), PosixFilePermissions.fromString("rwxrwxrwx"));
    load(tensors(1));
    assertThat(permissions(packed())).isEqualTo("rwx------");
  }

  /** Whoever has seen the key, or put it there, can make files that pass. */
  @ParameterizedTest
  @ValueSource(strings = {"rw----r--", "rw-----w-", "rw-r-----", "rw--w----"})
  void aKeyThatOthersMayKnowIsReplaced(String permissions) throws IOException {
    load(tensors(1));
    Path key = packed().resolve(LocalSecret.FILE);
    byte[] known = Files.readAllBytes(key);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(permissions));
    assertSame(load(tensors(2)), 2);
    assertThat(Files.readAllBytes(key)).hasSize(32).isNotEqualTo(known);
    assertThat(permissions(key)).isEqualTo("rw-------");
  }

  @Test
  void aKeyThatIsNoKeyIsReplaced() throws IOException {
    Path key = packed().resolve(LocalSecret.FILE);
    for (int length : new int[] {0, 31, 33}) {
      Files.createDirectories(packed());
      Files.write(key, new byte[length]);
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
      load(tensors(1));
      assertThat(Files.readAllBytes(key)).hasSize(32);
    }
    Files.delete(key);
    Files.createSymbolicLink(key, Files.write(folder.resolve("known"), new byte[32]));
    load(tensors(1));
    assertThat(Files.isSymbolicLink(key)).isFalse();
  }

  /** A stop that takes as long as packing does is a stop that is not obeyed. */
  @Test
  void aLoadThatIsInterruptedWhilePackingLeavesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                cache()
                    .load(
                        pool,
                        memory -> {
                          Thread.currentThread().interrupt();
                          return rows(tensors(1), memory);
                        }))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
    assertThat(names()).containsExactly(LocalSecret.FILE);
    assertSame(load(tensors(1)), 1);
  }

  @Test
  void aLoadThatIsInterruptedWhileWritingLeavesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                cache()
                    .load(
                        pool,
                        memory -> {
                          float[][] rows = rows(tensors(1), memory);
                          Thread.currentThread().interrupt();
                          return rows;
                        }))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(names()).containsExactly(LocalSecret.FILE);
    assertSame(load(tensors(1)), 1);
  }

  @Test
  void aLoadThatIsInterruptedWhileReadingKeepsTheFile() throws IOException {
    float[][] packed = load(tensors(1));
    WeightCache cache = cache();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> cache.load(pool, memory -> rows(tensors(2), memory)))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(load(tensors(2))).isDeepEqualTo(packed);
  }

  @Test
  void whatKilledProcessesAndOldModelsLeftIsDeleted() throws IOException {
    LocalSecret.in(packed());
    Instant now = Instant.now();
    Path draft = leave("old.packed1.tmp", now.minus(Duration.ofHours(1)));
    Path live = leave("new.packed2.tmp", now);
    Path unused = leave("a-16.packed", now.minus(Duration.ofDays(31)));
    Path used = leave("b-16.packed", now.minus(Duration.ofDays(29)));
    load(tensors(1));
    assertThat(draft).doesNotExist();
    assertThat(unused).doesNotExist();
    assertThat(live).exists();
    assertThat(used).exists();
    Files.delete(used);
    Files.setLastModifiedTime(packedFile(), FileTime.from(now.minus(Duration.ofDays(31))));
    load(tensors(1));
    assertThat(Files.getLastModifiedTime(packedFile()).toInstant())
        .isAfterOrEqualTo(now.minus(Duration.ofMinutes(1)));
  }

  private Path leave(String name, Instant time) throws IOException {
    Path file = Files.writeString(packed().resolve(name), "left");
    return Files.setLastModifiedTime(file, FileTime.from(time));
  }

  @Test
  void weightsPackedForOtherVectorsAreLeftAlone() throws IOException {
    load(tensors(1));
    WeightCache other = new WeightCache(model, new CacheDirectory(home), 3, 0);
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
    byte[] whole = Files.readAllBytes(packedFile());
    byte[] damaged = whole.clone();
    // The header is a small part of the file, but has most to be got wrong.
    int at = place % 2 == 0 ? place : (int) ((long) place * whole.length / 1000);
    damaged[at] ^= (byte) (1 << place % 8);
    Files.write(packedFile(), damaged);
    assertSame(load(tensors(1)), 1);
    assertThat(packedFile()).hasBinaryContent(whole);
  }

  @ParameterizedTest
  @MethodSource("places")
  void aFileThatIsCutOffIsWrittenAgain(int place) throws IOException {
    load(tensors(1));
    byte[] whole = Files.readAllBytes(packedFile());
    int end = place % 2 == 0 ? place : (int) ((long) place * whole.length / 1000);
    Files.write(packedFile(), Arrays.copyOf(whole, end));
    assertSame(load(tensors(1)), 1);
    assertThat(packedFile()).hasBinaryContent(whole);
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNoFailure() throws IOException {
    Files.writeString(packed(), "no folder");
    assertSame(load(tensors(1)), 1);
    Files.delete(packed());
    load(tensors(1));
    Path file = packedFile();
    Files.delete(file);
    Files.createDirectories(file.resolve("full"));
    assertSame(load(tensors(1)), 1);
    assertThat(names()).as("no draft is left over").hasSize(2);
  }

  /** The weights would be those of the file that was opened, under the name of the other. */
  @Test
  void aModelThatIsReplacedWhileItIsLoadedIsNotKept() throws IOException {
    WeightCache cache = cache();
    Path other = Files.writeString(folder.resolve("other"), "stands for the mode1");
    Files.setLastModifiedTime(other, Files.getLastModifiedTime(model));
    Files.move(other, model, StandardCopyOption.REPLACE_EXISTING);
    cache.load(pool, memory -> rows(tensors(1), memory));
    assertThat(names()).containsExactly(LocalSecret.FILE);
  }

  @Test
  void smallModelsGetNoFile() throws IOException {
    WeightCache cache = new WeightCache(model, new CacheDirectory(home), 16, 1 << 20);
    cache.load(pool, memory -> rows(tensors(1), memory));
    assertThat(packed()).doesNotExist();
  }

  private Path packed() {
    return home.resolve("packed");
  }

  private Path packedFile() throws IOException {
    try (Stream<Path> files = Files.list(packed())) {
      return files.filter(f -> f.toString().endsWith(".packed")).findFirst().orElseThrow();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(packed())) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private WeightCache cache() throws IOException {
    return new WeightCache(model, new CacheDirectory(home), KernelSelection.kernels().lanes(), 0);
  }

  private float[][] load(List<GgufTensor> tensors) throws IOException {
    return cache().load(pool, memory -> rows(tensors, memory));
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
