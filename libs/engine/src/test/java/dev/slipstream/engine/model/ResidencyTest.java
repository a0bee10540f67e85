package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.PlaceSelection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that is larger than the memory would answer nonsense, or none would fit any more. */
@Tag("slow")
class ResidencyTest {
  /** With two workers these are enough rows for each to go its own way. */
  private static final int MANY_ROWS = 40;

  private static final PlaceSelection BREAKS_IN_THE_SECOND_LAYER =
      (layer, kvHead, position, seen) -> {
        if (layer == 1) {
          throw new IllegalStateException("a broken selection");
        }
        seen.add(0, position + 1);
      };

  @TempDir Path folder;
  private ReloadingWeights policy;

  @Test
  void passesReadNoWeightsButThoseThatTheyHold() throws Exception {
    for (Path file : models()) {
      for (int workers : new int[] {1, 2}) {
        try (ComputePool pool = new ComputePool(workers)) {
          float[][] expected;
          try (LanguageModel pinned = LanguageModel.load(file, pool)) {
            expected = passes(pinned);
          }
          try (LanguageModel reloading = load(file, pool)) {
            assertThat(passes(reloading)).as(file.toString()).isDeepEqualTo(expected);
            assertThat(policy.held()).isZero();
            assertThat(policy.mostHeld()).isBetween(1, workers);
            assertThat(policy.loads()).isGreaterThan(3 * 2 * reloading.config().blocks().size());
          }
          assertThat(policy.isClosed()).isTrue();
        }
      }
    }
  }

  /** Of every weight format, with tied and separate heads, and with norms behind layers. */
  private List<Path> models() throws Exception {
    List<Path> models = new ArrayList<>();
    models.add(TinyModel.write(folder.resolve("tiny.gguf"), 1, 512));
    for (String name : List.of("gemma3-window", "granite-plain")) {
      Path file = folder.resolve(name + ".gguf");
      try (InputStream in = ResidencyTest.class.getResourceAsStream(name + ".gguf")) {
        Files.copy(in, file);
      }
      models.add(file);
    }
    if (GoldenFiles.folder().isPresent()) {
      try (Stream<Path> golden = Files.list(GoldenFiles.folder().get().resolve("tiny"))) {
        golden.filter(file -> file.toString().endsWith(".gguf")).sorted().forEach(models::add);
      }
    }
    return models;
  }

  @Test
  void aPassThatFailsHoldsNothingAndTheNextOneIsGood() throws Exception {
    Path file = TinyModel.write(folder.resolve("tiny.gguf"), 1, 512);
    for (int rows : new int[] {3, MANY_ROWS}) {
      try (ComputePool pool = new ComputePool(2);
          LanguageModel model = load(file, pool);
          KvPool memory = new KvPool(model.kvLayout(), 16)) {
        KvSequence sequence = memory.newSequence();
        sequence.reserve(rows);
        float[] expected = model.forward(chain(sequence, rows)).logits().clone();
        for (int row = 0; row < rows; row++) {
          Batch broken = chain(sequence, rows);
          broken.select(row, BREAKS_IN_THE_SECOND_LAYER);
          assertThatThrownBy(() -> model.forward(broken)).hasMessage("a broken selection");
          assertThat(policy.held()).isZero();
        }
        assertThat(model.forward(chain(sequence, rows)).logits()).isEqualTo(expected);
      }
    }
  }

  @Test
  void weightsThatCannotBeLoadedFailThePassAndNothingElse() throws Exception {
    Path file = TinyModel.write(folder.resolve("tiny.gguf"), 1, 512);
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = load(file, pool);
        KvPool memory = new KvPool(model.kvLayout(), 16)) {
      KvSequence sequence = memory.newSequence();
      sequence.reserve(3);
      float[] expected = model.forward(chain(sequence, 3)).logits().clone();
      for (String unit : policy.names()) {
        policy.failOnce(unit);
        assertThatThrownBy(() -> model.forward(chain(sequence, 3))).hasMessageContaining(unit);
        assertThat(policy.held()).isZero();
      }
      assertThat(model.forward(chain(sequence, 3)).logits()).isEqualTo(expected);
    }
  }

  private LanguageModel load(Path file, ComputePool pool) throws IOException {
    return LanguageModel.load(
        file,
        NamedEncoding.DEFAULT,
        pool,
        units -> policy = new ReloadingWeights(units, folder.resolve("weights")));
  }

  /** Logits of a prompt in two parts, of a token behind it, and of a tree. */
  private static float[][] passes(LanguageModel model) {
    List<float[]> logits = new ArrayList<>();
    try (KvPool memory = new KvPool(model.kvLayout(), 16);
        KvSequence sequence = memory.newSequence()) {
      for (int rows : new int[] {MANY_ROWS, 5, 1}) {
        sequence.reserve(rows);
        logits.add(logits(model, chain(sequence, rows)));
        sequence.commit(rows);
      }
      sequence.reserve(3);
      Batch tree = new Batch(3, 3);
      tree.add(sequence, 1, Batch.COMMITTED, true);
      tree.add(sequence, 2, 0, true);
      tree.add(sequence, 3, 0, true);
      logits.add(logits(model, tree));
    }
    return logits.toArray(float[][]::new);
  }

  private static float[] logits(LanguageModel model, Batch batch) {
    int size = batch.logitRows() * model.config().vocabularySize();
    return Arrays.copyOf(model.forward(batch).logits(), size);
  }

  private static Batch chain(KvSequence sequence, int rows) {
    Random random = new Random(rows);
    Batch batch = new Batch(rows, rows);
    for (int i = 0; i < rows; i++) {
      batch.add(sequence, random.nextInt(20), i - 1, true);
    }
    return batch;
  }
}
