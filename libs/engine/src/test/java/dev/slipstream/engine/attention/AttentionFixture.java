package dev.slipstream.engine.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvFormat;
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
import java.util.function.IntPredicate;

/**
 * Attention over random keys and values in one of two layers, and what it should give: sums in
 * double over the tokens that a row may see, one after another.
 */
final class AttentionFixture implements AutoCloseable {
  static final int LAYER = 1;
  private static final float SCALE = 0.125f;

  final Random random = new Random(11);
  final KvPool memory;
  private final Attention attention;
  private final KvSlot slot;
  private final int group;

  /** Keys and values by sequence, place and head. */
  private final Map<List<Object>, float[][]> stored = new HashMap<>();

  AttentionFixture(int kvHeads, int group, int dimension) {
    this(kvHeads, group, dimension, KvFormats.INTEGERS);
  }

  AttentionFixture(int kvHeads, int group, int dimension, KvFormat format) {
    KvLayout layout = KvLayout.perLayer(2, kvHeads, dimension, format);
    this.group = group;
    this.attention = new Attention(layout, kvHeads * group);
    this.slot = layout.slot(attention.slot(LAYER));
    this.memory = new KvPool(layout, 100);
  }

  int heads() {
    return slot.heads() * group;
  }

  /** A text of up to 199 tokens and a tree of up to 8 behind it. */
  KvSequence addSequence(Batch batch) {
    KvSequence sequence = text(random.nextInt(200));
    addTree(batch, sequence, 1 + random.nextInt(8));
    return sequence;
  }

  KvSequence text(int length) {
    KvSequence sequence = memory.newSequence();
    assertThat(sequence.reserve(length)).isTrue();
    Batch text = new Batch(Math.max(1, length), 1);
    for (int i = 0; i < length; i++) {
      text.add(sequence, 0, i - 1, false);
      store(text, i);
    }
    sequence.commit(length);
    return sequence;
  }

  void addTree(Batch batch, KvSequence sequence, int nodes) {
    int first = batch.rows();
    assertThat(sequence.reserve(nodes)).isTrue();
    for (int n = 0; n < nodes; n++) {
      int parent = n == 0 || random.nextInt(3) == 0 ? Batch.COMMITTED : first + random.nextInt(n);
      store(batch, batch.add(sequence, 0, parent, false));
    }
  }

  private void store(Batch batch, int row) {
    for (int head = 0; head < slot.heads(); head++) {
      float[] keys = gaussians(slot.dimension());
      float[] values = gaussians(slot.dimension());
      stored.put(
          List.of(batch.sequence(row), batch.place(row), head), new float[][] {keys, values});
      attention.store(batch, row, attention.slot(LAYER), head, keys, 0, values, 0);
    }
  }

  AttentionPlan plan(int window, int workers) {
    return attention.plan(slot.heads(), SCALE, window, workers);
  }

  /**
   * @param shared tokens from which on workers share a text
   */
  AttentionPlan plan(int window, int workers, int shared) {
    return attention.plan(slot.heads(), SCALE, window, workers, shared);
  }

  float[] queries(Batch batch) {
    return gaussians(batch.rows() * heads() * slot.dimension());
  }

  private float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  float[] attend(AttentionPlan plan, Batch batch, float[] queries, int workers) {
    int width = queries.length / batch.rows();
    float[] out = new float[queries.length];
    plan.divide(batch);
    try (ComputePool pool = new ComputePool(workers)) {
      pool.run(
          worker -> attention.worker().attend(plan, LAYER, queries, width, out, width, worker));
    }
    return out;
  }

  /** Checks what came out for a row and head that sees some positions of its text. */
  void assertAttends(
      float[] actual, Batch batch, int row, int head, IntPredicate seen, float[] queries) {
    double[] weights = weights(batch, row, head, seen, queries);
    List<Integer> places = places(batch, row);
    int dimension = slot.dimension();
    double[] sums = new double[dimension];
    for (int p = 0; p < weights.length; p++) {
      float[] values = stored(batch, row, places.get(p), head)[1];
      for (int d = 0; d < dimension; d++) {
        sums[d] += weights[p] * values[d];
      }
    }
    for (int d = 0; d < dimension; d++) {
      assertThat((double) actual[at(row, head) + d]).isCloseTo(sums[d], within(1e-3));
    }
  }

  /** How a head weighs the positions of a row's text; 0 for those that it does not see. */
  double[] weights(Batch batch, int row, int head, IntPredicate seen, float[] queries) {
    List<Integer> places = places(batch, row);
    double[] weights = new double[places.size()];
    double total = 0;
    for (int p = 0; p < weights.length; p++) {
      if (seen.test(p)) {
        float[] keys = stored(batch, row, places.get(p), head)[0];
        double score = 0;
        for (int d = 0; d < keys.length; d++) {
          score += queries[at(row, head) + d] * keys[d] * SCALE;
        }
        weights[p] = Math.exp(score);
        total += weights[p];
      }
    }
    for (int p = 0; p < weights.length; p++) {
      weights[p] /= total;
    }
    return weights;
  }

  private float[][] stored(Batch batch, int row, int place, int head) {
    return stored.get(List.of(batch.sequence(row), place, head / group));
  }

  private int at(int row, int head) {
    return (row * heads() + head) * slot.dimension();
  }

  /** Places of a row's text, by position. */
  private static List<Integer> places(Batch batch, int row) {
    List<Integer> places = new ArrayList<>();
    for (int place = 0; place < batch.sequence(row).length(); place++) {
      places.add(place);
    }
    int committed = places.size();
    for (int r = row; r != Batch.COMMITTED; r = batch.parent(r)) {
      places.add(committed, batch.place(r));
    }
    return places;
  }

  @Override
  public void close() {
    memory.close();
  }
}
