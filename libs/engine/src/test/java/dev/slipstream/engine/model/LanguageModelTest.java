package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.architecture.AttentionConfig;
import dev.slipstream.engine.architecture.BlockConfig;
import dev.slipstream.engine.architecture.FeedForwardConfig;
import dev.slipstream.engine.architecture.HeadConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.architecture.RopeConfig;
import dev.slipstream.engine.architecture.ScaleConfig;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine's door: behind it kernels read and write by address. */
class LanguageModelTest {
  @TempDir Path folder;
  private final ComputePool pool = new ComputePool(2);
  private Path file;

  @BeforeEach
  void write() {
    file = TinyModel.write(folder.resolve("tiny.gguf"), 1, 512);
  }

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void tokensOutsideOfTheVocabularyAreRefused() throws Exception {
    try (LanguageModel model = LanguageModel.load(file, pool);
        KvPool memory = new KvPool(model.kvLayout(), 1);
        KvSequence sequence = memory.newSequence()) {
      sequence.reserve(2);
      for (int token : new int[] {-1, TinyModel.VOCABULARY, Integer.MIN_VALUE, 1 << 26}) {
        Batch batch = new Batch(2, 2);
        batch.add(sequence, 1, Batch.COMMITTED, true);
        batch.add(sequence, token, 0, true);
        assertThatIllegalArgumentException()
            .isThrownBy(() -> model.forward(batch))
            .withMessageContaining("token " + token);
      }
    }
  }

  /** Its blocks have other sizes, and so other ends. */
  @Test
  void sequencesOfAnotherModelsPoolAreRefused() throws Exception {
    KvLayout smaller = KvLayout.perLayer(1, 2, 16);
    try (LanguageModel model = LanguageModel.load(file, pool);
        KvPool memory = new KvPool(smaller, 1);
        KvSequence sequence = memory.newSequence()) {
      sequence.reserve(1);
      Batch batch = new Batch(1, 1);
      batch.add(sequence, 1, Batch.COMMITTED, true);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.forward(batch))
          .withMessageContaining("KV layout");
    }
  }

  @Test
  void rowsThatHaveNoPlaceAreRefused() throws Exception {
    try (LanguageModel model = LanguageModel.load(file, pool);
        KvPool memory = new KvPool(model.kvLayout(), 1);
        KvSequence sequence = memory.newSequence()) {
      Batch batch = new Batch(1, 1);
      batch.add(sequence, 1, Batch.COMMITTED, true);
      assertThatThrownBy(() -> model.forward(batch)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> model.logitsOffset(1)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> model.logitsOffset(-1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void batchesAndBlocksThatCannotBeAreRefused() {
    for (int rows : new int[] {-1, 0, Batch.MAX_ROWS + 1, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Batch(rows, 0))
          .withMessageContaining("1 to " + Batch.MAX_ROWS);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new Batch(4, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> KvLayout.perLayer(1024, 64, 1024));
    assertThatIllegalArgumentException().isThrownBy(() -> KvLayout.perLayer(1 << 16, 1 << 14, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> KvLayout.perLayer(1, 0, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> new KvLayout(new int[] {0, -1}, 1, 64));
  }

  /** Said when the model is loaded, and not by an answer that runs out of heap. */
  @Test
  void buffersBeyondTheHeapAreRefusedWithTheirSize() throws Exception {
    try (LanguageModel model = LanguageModel.load(file, pool)) {
      model.reserve(Batch.MAX_ROWS, 64);
      long bytes = TransformerPass.bytes(wide(), Batch.MAX_ROWS, Batch.MAX_ROWS, 64);
      assertThat(bytes).isGreaterThan(40L << 30);
      int rows = 1 << 28;
      for (int logitRows : new int[] {64, rows}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> model.reserve(rows, logitRows))
            .withMessageContaining("a batch of %d rows, %d of them".formatted(rows, logitRows))
            .withMessageContaining("larger heap");
      }
      model.reserve(1, 1);
    }
  }

  private static ModelConfig wide() {
    RopeConfig rope = new RopeConfig(2, 10, RopeConfig.Pairing.NEIGHBOURS, new RopeConfig.None());
    BlockConfig block =
        new BlockConfig(
            new AttentionConfig(1, AttentionConfig.WHOLE_TEXT, false, rope),
            new FeedForwardConfig(1 << 17, FeedForwardConfig.Activation.SILU),
            false);
    return new ModelConfig(
        "llama",
        1 << 16,
        1 << 20,
        1,
        0,
        new HeadConfig(64, 64, 1024),
        List.of(block),
        ScaleConfig.NONE);
  }

  @Test
  void anInterruptedLoadEndsAndTheNextOneIsGood() throws Exception {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> LanguageModel.load(file, pool))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
    LanguageModel.load(file, pool).close();
  }
}
