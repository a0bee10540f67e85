package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher and the images switch the Vector API's bounds checks off. If this fails, what users
 * run reads or writes beyond an array where the tests would have seen an exception.
 */
@Tag("slow")
class BoundsChecksTest {
  @TempDir Path folder;

  @Test
  void allGoldenModelsHaveTheSameBitsWithBoundsChecksAndWithout() throws Exception {
    List<Path> models = new ArrayList<>();
    models.add(TinyModel.write(folder.resolve("tiny.gguf"), 4, 256));
    if (GoldenFiles.folder().isPresent()) {
      try (Stream<Path> golden = Files.list(GoldenFiles.folder().get().resolve("tiny"))) {
        golden.filter(file -> file.toString().endsWith(".gguf")).sorted().forEach(models::add);
      }
    }
    GoldenFiles.defaultModel().ifPresent(models::add);
    List<String> checked = digests(2, models);
    assertThat(checked).hasSameSizeAs(models);
    assertThat(digests(0, models)).isEqualTo(checked);
  }

  private List<String> digests(int checks, List<Path> models) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=" + checks);
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(LogitDigests.class.getName());
    models.forEach(model -> command.add(model.toString()));
    Path errors = folder.resolve("errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    List<String> lines;
    try (var out = process.inputReader()) {
      lines = out.lines().toList();
    }
    assertThat(process.waitFor()).as(() -> read(errors)).isZero();
    return lines;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      return e.toString();
    }
  }

  /** Prints a digest of all logits of a few passes, for one model after the other. */
  static final class LogitDigests {
    private static final int PROMPT = 37;
    private static final int CHUNK = 20;
    private static final int BRANCHES = 5;

    private final LanguageModel model;
    private final Random random = new Random(9);
    private final MessageDigest sha = MessageDigest.getInstance("SHA-256");
    private final Batch batch = new Batch(CHUNK, CHUNK);

    private LogitDigests(LanguageModel model) throws Exception {
      this.model = model;
    }

    public static void main(String[] files) throws Exception {
      try (ComputePool pool = new ComputePool(2)) {
        for (String file : files) {
          try (LanguageModel model = LanguageModel.load(Path.of(file), pool)) {
            System.out.println(Path.of(file).getFileName() + " " + new LogitDigests(model).run());
          }
        }
      }
    }

    /** A prompt in chunks, single tokens, and a tree. */
    private String run() {
      try (KvPool pool = new KvPool(model.kvLayout(), 8);
          KvSequence sequence = pool.newSequence()) {
        for (int left = PROMPT; left > 0; left -= CHUNK) {
          chain(sequence, Math.min(CHUNK, left));
        }
        for (int i = 0; i < 3; i++) {
          chain(sequence, 1);
        }
        batch.clear();
        sequence.reserve(1 + BRANCHES);
        batch.add(sequence, token(), Batch.COMMITTED, true);
        for (int i = 0; i < BRANCHES; i++) {
          batch.add(sequence, token(), i / 2, true);
        }
        pass();
      }
      return HexFormat.of().formatHex(sha.digest());
    }

    private void chain(KvSequence sequence, int rows) {
      batch.clear();
      sequence.reserve(rows);
      for (int i = 0; i < rows; i++) {
        batch.add(sequence, token(), i == 0 ? Batch.COMMITTED : i - 1, true);
      }
      pass();
      sequence.commit(rows);
    }

    private void pass() {
      PassResult result = model.forward(batch);
      int size = model.config().vocabularySize();
      ByteBuffer row = ByteBuffer.allocate(size * Float.BYTES);
      for (int i = 0; i < batch.logitRows(); i++) {
        row.asFloatBuffer().put(result.logits(), result.logitsOffset(i), size);
        sha.update(row.array());
      }
    }

    private int token() {
      return random.nextInt(model.config().vocabularySize());
    }
  }
}
