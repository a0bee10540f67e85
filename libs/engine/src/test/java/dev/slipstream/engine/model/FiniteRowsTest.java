package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A pass says which of its rows are no numbers. Without that, blocks that were computed from broken
 * ones would be cached as good ones, and give wrong answers for as long as they are kept.
 */
class FiniteRowsTest {
  private static final int TOKENS = 20;

  @TempDir Path folder;
  private ComputePool pool;

  @BeforeEach
  void start() {
    pool = new ComputePool(2);
  }

  @AfterEach
  void stop() {
    pool.close();
  }

  /** Few rows are divided by columns, many by rows. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 60})
  void rowsBehindABrokenBlockAreToldFromTheirNeighbours(int rows) throws Exception {
    try (LanguageModel model = load((tensor, weights) -> {});
        KvPool kv = new KvPool(model.kvLayout(), 32)) {
      KvSequence broken = kv.newSequence();
      KvSequence sound = kv.newSequence();
      assertThat(finite(model, broken, TOKENS, sound, TOKENS)).doesNotContain(false);
      KvSlot slot = kv.layout().slot(1);
      MemorySegment block = kv.block(broken.block(0));
      block.asSlice(slot.keyOffset(0), slot.keys().bytes()).fill((byte) -1);

      boolean[] finite = finite(model, broken, rows, sound, rows);

      assertThat(Arrays.copyOf(finite, rows)).doesNotContain(true);
      assertThat(Arrays.copyOfRange(finite, rows, 2 * rows)).doesNotContain(false);
    }
  }

  /** The cache holds 0 for them, and so everything behind them is finite again. */
  @ParameterizedTest
  @ValueSource(strings = {"blk.0.attn_k.weight", "blk.1.attn_v.weight"})
  void keysAndValuesThatCannotBeStoredAreNoticed(String broken) throws Exception {
    try (LanguageModel model =
            load(
                (tensor, weights) -> {
                  if (tensor.equals(broken)) {
                    Arrays.fill(weights, 0, 64, Float.POSITIVE_INFINITY);
                  }
                });
        KvPool kv = new KvPool(model.kvLayout(), 32)) {
      boolean[] finite = finite(model, kv.newSequence(), 3, kv.newSequence(), 40);
      assertThat(finite).doesNotContain(true);
    }
  }

  private LanguageModel load(TinyModel.Change change) throws Exception {
    return LanguageModel.load(TinyModel.write(folder.resolve("tiny.gguf"), 1, 512, change), pool);
  }

  /** Appends tokens to two texts in one pass; what it says about their rows. */
  private static boolean[] finite(
      LanguageModel model, KvSequence first, int rows, KvSequence second, int more) {
    Batch batch = new Batch(rows + more, 1);
    add(batch, first, rows);
    add(batch, second, more);
    model.forward(batch);
    first.commit(rows);
    second.commit(more);
    boolean[] finite = new boolean[batch.rows()];
    for (int row = 0; row < finite.length; row++) {
      finite[row] = model.isFinite(row);
    }
    return finite;
  }

  private static void add(Batch batch, KvSequence sequence, int rows) {
    assertThat(sequence.reserve(rows)).isTrue();
    int parent = Batch.COMMITTED;
    for (int i = 0; i < rows; i++) {
      parent = batch.add(sequence, i % KvLayout.BLOCK_TOKENS, parent, false);
    }
  }
}
