package dev.slipstream.engine.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvFormats;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** If this fails, answers depend on the number of threads or on who else is being served. */
class AttentionTest {
  private static final int LAYER = 1;

  private static final float SCALE = 0.125f;

  private final Random random = new Random(11);

  /** Keys and values of the last sequence, by place and head. */
  private final Map<Integer, float[][]> stored = new HashMap<>();

  /** The last number is that of a format. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 64, 1000000, 0",
    "3, 3, 64, 1000000, 0",
    "2, 4, 80, 40, 0",
    "5, 1, 34, 3, 0",
    "1, 9, 128, 16, 0",
    "1, 4, 256, 1, 0",
    "2, 4, 80, 40, 1",
    "5, 1, 34, 3, 1",
    "2, 4, 80, 1000000, 2",
    "3, 3, 34, 1000000, 3",
    "2, 4, 80, 40, 4"
  })
  void sharingATextAmongWorkersDoesNotChangeOneBit(
      int kvHeads, int group, int dimension, int window, int format) {
    KvLayout layout = KvLayout.perLayer(2, kvHeads, dimension, KvFormats.ALL.get(format));
    Attention attention = new Attention(layout, kvHeads * group);
    try (KvPool memory = new KvPool(layout, 100)) {
      for (int round = 0; round < 10; round++) {
        Batch batch = new Batch(32, 1);
        for (int i = random.nextInt(3); i >= 0; i--) {
          addSequence(batch, memory, attention, layout);
        }
        float[] queries = gaussians(batch.rows() * kvHeads * group * dimension);
        AttentionPlan whole = attention.plan(kvHeads, SCALE, window, 1, Integer.MAX_VALUE);
        float[] expected = attend(attention, whole, batch, queries, 1);
        for (int workers : new int[] {1, 2, 3}) {
          AttentionPlan plan = attention.plan(kvHeads, SCALE, window, workers, 0);
          float[] actual = attend(attention, plan, batch, queries, workers);
          assertThat(actual).as("%d workers", workers).isEqualTo(expected);
        }
        for (int row = 0; row < batch.rows(); row++) {
          batch.sequence(row).close();
        }
      }
    }
  }

  /** Against sums in double over the tokens that a row may see, one after another. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 16, 17, 60, Integer.MAX_VALUE})
  void aRowSeesItsBranchAsFarBackAsTheWindowReaches(int window) {
    int kvHeads = 2;
    int group = 2;
    int dimension = 32;
    KvLayout layout = KvLayout.perLayer(2, kvHeads, dimension, KvFormats.INTEGERS);
    Attention attention = new Attention(layout, kvHeads * group);
    try (KvPool memory = new KvPool(layout, 100)) {
      for (int round = 0; round < 10; round++) {
        stored.clear();
        Batch batch = new Batch(32, 1);
        addSequence(batch, memory, attention, layout);
        float[] queries = gaussians(batch.rows() * kvHeads * group * dimension);
        AttentionPlan plan = attention.plan(kvHeads, SCALE, window, 1);
        float[] actual = attend(attention, plan, batch, queries, 1);
        for (int row = 0; row < batch.rows(); row++) {
          for (int head = 0; head < kvHeads * group; head++) {
            int at = (row * kvHeads * group + head) * dimension;
            double[] expected = expected(batch, row, head / group, window, queries, at, dimension);
            for (int d = 0; d < dimension; d++) {
              assertThat((double) actual[at + d]).isCloseTo(expected[d], within(1e-3));
            }
          }
        }
        batch.sequence(0).close();
      }
    }
  }

  private double[] expected(
      Batch batch, int row, int kvHead, int window, float[] queries, int at, int dimension) {
    List<Integer> places = new ArrayList<>();
    for (int r = row; r != Batch.COMMITTED; r = batch.parent(r)) {
      places.add(batch.place(r));
    }
    for (int place = batch.sequence(row).length() - 1; place >= 0; place--) {
      places.add(place);
    }
    double[] sums = new double[dimension];
    double total = 0;
    for (int place : places.subList(0, Math.min(window, places.size()))) {
      float[][] kv = stored.get(place * 2 + kvHead);
      double score = 0;
      for (int d = 0; d < dimension; d++) {
        score += queries[at + d] * kv[0][d] * SCALE;
      }
      double weight = Math.exp(score);
      total += weight;
      for (int d = 0; d < dimension; d++) {
        sums[d] += weight * kv[1][d];
      }
    }
    for (int d = 0; d < dimension; d++) {
      sums[d] /= total;
    }
    return sums;
  }

  /** A text and a tree behind it. */
  private void addSequence(Batch batch, KvPool memory, Attention attention, KvLayout layout) {
    KvSequence sequence = memory.newSequence();
    int length = random.nextInt(200);
    assertThat(sequence.reserve(length)).isTrue();
    Batch text = new Batch(Math.max(1, length), 1);
    for (int i = 0; i < length; i++) {
      text.add(sequence, 0, i - 1, false);
      store(text, i, attention, layout);
    }
    sequence.commit(length);
    int first = batch.rows();
    int nodes = 1 + random.nextInt(8);
    assertThat(sequence.reserve(nodes)).isTrue();
    for (int n = 0; n < nodes; n++) {
      int parent = n == 0 || random.nextInt(3) == 0 ? Batch.COMMITTED : first + random.nextInt(n);
      store(batch, batch.add(sequence, 0, parent, false), attention, layout);
    }
  }

  private void store(Batch batch, int row, Attention attention, KvLayout layout) {
    int slot = attention.slot(LAYER);
    KvSlot form = layout.slot(slot);
    for (int head = 0; head < form.heads(); head++) {
      float[] keys = gaussians(form.dimension());
      float[] values = gaussians(form.dimension());
      stored.put(batch.place(row) * 2 + head, new float[][] {keys, values});
      attention.store(batch, row, slot, head, keys, 0, values, 0);
    }
  }

  private float[] attend(
      Attention attention, AttentionPlan plan, Batch batch, float[] queries, int workers) {
    int width = queries.length / batch.rows();
    float[] out = new float[queries.length];
    plan.divide(batch);
    try (ComputePool pool = new ComputePool(workers)) {
      int slot = attention.slot(LAYER);
      pool.run(worker -> attention.worker().attend(plan, slot, queries, width, out, width, worker));
    }
    return out;
  }

  private float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
