package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.attention.Window;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.AttentionObserver;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.PlaceSelection;
import dev.slipstream.engine.runtime.PositionRanges;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A toy of drafting with sparse attention (arXiv 2512.01278): rows with full attention tell which
 * positions matter, and a draft looks at those alone. If this fails, such drafts are bad, or they
 * spoil the rows beside them.
 */
class SparseAttentionTest {
  private static final int LAYERS = 2;
  private static final int KV_HEADS = 2;
  private static final int GROUP = 2;
  private static final int LENGTH = 120;
  private static final int TOKEN = 7;

  @TempDir Path folder;
  private final int[] text = new Random(5).ints(LENGTH, 0, TinyModel.VOCABULARY).toArray();
  private final Scores scores = new Scores();
  private ComputePool pool;
  private LanguageModel model;
  private KvPool memory;
  private KvSequence sequence;

  /** What the model says with full attention. */
  private float[] full;

  /** Attention by position, for each layer and key/value head. */
  private static final class Scores implements AttentionObserver {
    final double[][][] sums = new double[LAYERS][KV_HEADS][LENGTH + 1];

    @Override
    public synchronized void observe(
        int row, int layer, int head, int first, float[] weights, int from, int count) {
      for (int i = 0; i < count; i++) {
        sums[layer][head / GROUP][first + i] += weights[from + i];
      }
    }
  }

  /**
   * Some positions of the known text, and all behind it.
   *
   * @param from rank of the first of them: 0 is the one with the highest score
   */
  private record Ranked(Scores scores, int from, int count) implements PlaceSelection {
    @Override
    public void select(int layer, int kvHead, int position, PositionRanges seen) {
      double[] sums = scores.sums[layer][kvHead];
      IntStream.range(0, LENGTH)
          .boxed()
          .sorted((a, b) -> Double.compare(sums[b], sums[a]))
          .skip(from)
          .limit(count)
          .sorted()
          .forEach(p -> seen.add(p, p + 1));
      seen.add(LENGTH, position + 1);
    }
  }

  @BeforeEach
  void read() throws Exception {
    pool = new ComputePool(2);
    model = LanguageModel.load(TinyModel.write(folder.resolve("tiny.gguf"), 1, 512), pool);
    memory = new KvPool(model.kvLayout(), 16);
    sequence = memory.newSequence();
    sequence.reserve(LENGTH + 1);
    Batch batch = new Batch(LENGTH, 1);
    for (int i = 0; i < LENGTH; i++) {
      batch.add(sequence, text[i], i - 1, false);
    }
    model.forward(batch);
    sequence.commit(LENGTH);
    Batch watched = next();
    watched.observe(0, scores);
    full = logits(watched);
  }

  @AfterEach
  void close() {
    memory.close();
    model.close();
    pool.close();
  }

  @Test
  void theScoresAreThoseOfOneRowInEveryLayerAndHead() {
    for (double[][] layer : scores.sums) {
      for (double[] head : layer) {
        assertThat(Arrays.stream(head).sum()).isCloseTo(GROUP, within(1e-4));
      }
    }
  }

  @Test
  void aDraftThatLooksAtEverythingIsNoneAndOneThatLooksAtTheBestIsNear() {
    assertThat(draft(0, LENGTH)).isEqualTo(full);
    double near = distance(draft(0, LENGTH / 4), full);
    double far = distance(draft(LENGTH / 4, 3 * LENGTH / 4), full);
    assertThat(near).isGreaterThan(0).isLessThan(far / 2);
  }

  /** Another request's technique is none of its business. */
  @Test
  void aNeighbourOfADraftHasTheBitsThatItHasAlone() {
    try (KvSequence other = memory.newSequence()) {
      other.reserve(1);
      Batch batch = next();
      batch.select(batch.add(other, TOKEN, Batch.COMMITTED, false), new Window(1));
      assertThat(logits(batch)).isEqualTo(full);
    }
  }

  private float[] draft(int from, int count) {
    Batch batch = next();
    batch.select(0, new Ranked(scores, from, count));
    return logits(batch);
  }

  /** A row behind the text. */
  private Batch next() {
    Batch batch = new Batch(2, 1);
    batch.add(sequence, TOKEN, Batch.COMMITTED, true);
    return batch;
  }

  private float[] logits(Batch batch) {
    return Arrays.copyOf(model.forward(batch).logits(), TinyModel.VOCABULARY);
  }

  private static double distance(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).sum();
  }
}
