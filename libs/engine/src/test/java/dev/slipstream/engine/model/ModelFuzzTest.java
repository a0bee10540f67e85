package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.gguf.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged model files, from loading to the first forward pass. If this fails, one bad download
 * takes a service down instead of being refused.
 */
@Tag("slow")
class ModelFuzzTest {
  private static final int FILES = 2000;

  /** The header of the tiny model: metadata, vocabulary and the tensor directory. */
  private static final int HEADER = 16_000;

  @TempDir Path folder;

  @Test
  void aDamagedFileIsRefusedOrStillRuns() throws Exception {
    byte[] whole = Files.readAllBytes(TinyModel.write(folder.resolve("whole.gguf"), 3, 128));
    Random random = new Random(11);
    Path file = folder.resolve("damaged.gguf");
    int refused = 0;
    int ran = 0;
    try (ComputePool pool = new ComputePool(1)) {
      for (int i = 0; i < FILES; i++) {
        Files.write(file, damage(whole, random));
        try {
          run(file, pool);
          ran++;
        } catch (ModelFormatException e) {
          assertThat(e.getMessage()).isNotBlank();
          refused++;
        }
      }
    }
    assertThat(refused).isGreaterThan(FILES / 10);
    assertThat(ran).isGreaterThan(FILES / 100);
  }

  private static void run(Path file, ComputePool pool) throws IOException {
    try (LanguageModel model = LanguageModel.load(file, pool);
        KvPool memory = new KvPool(model.kvLayout(), 1);
        KvSequence sequence = memory.newSequence()) {
      Batch batch = new Batch(2, 1);
      sequence.reserve(2);
      batch.add(sequence, 0, Batch.COMMITTED, false);
      batch.add(sequence, model.config().vocabularySize() - 1, 0, true);
      model.forward(batch);
    }
  }

  private static byte[] damage(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    int header = Math.min(HEADER, bytes.length);
    switch (random.nextInt(5)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> flip(bytes, random, header, 1);
      case 2 -> flip(bytes, random, header, 1 + random.nextInt(20));
      case 3 -> {
        long[] hostile = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, 1L << 62, 0xffffffffL, 0};
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(random.nextInt(header - 8), hostile[random.nextInt(hostile.length)]);
      }
      default -> flip(bytes, random, bytes.length, 50);
    }
    return bytes;
  }

  private static void flip(byte[] bytes, Random random, int range, int count) {
    for (int i = 0; i < count; i++) {
      bytes[random.nextInt(range)] ^= (byte) (1 << random.nextInt(8));
    }
  }
}
