package dev.slipstream.engine.attention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** If this fails, answers depend on the number of threads or on who else is being served. */
class AttentionTest {
  private static final int LAYER = 1;

  private final Random random = new Random(11);

  @ParameterizedTest
  @CsvSource({"1, 1, 64", "3, 3, 64", "2, 4, 80", "5, 1, 34", "1, 9, 128"})
  void sharingATextAmongWorkersDoesNotChangeOneBit(int kvHeads, int group, int dimension) {
    KvLayout layout = KvLayout.perLayer(2, kvHeads, dimension);
    Attention attention = new Attention(layout, kvHeads * group, 0.125f);
    try (KvPool memory = new KvPool(layout, 100)) {
      for (int round = 0; round < 10; round++) {
        Batch batch = new Batch(32, 1);
        for (int i = random.nextInt(3); i >= 0; i--) {
          addSequence(batch, memory, attention, layout);
        }
        float[] queries = gaussians(batch.rows() * kvHeads * group * dimension);
        float[] expected = attend(attention, plan(kvHeads, group, 1, false), batch, queries, 1);
        for (int workers : new int[] {1, 2, 3}) {
          AttentionPlan plan = plan(kvHeads, group, workers, true);
          float[] actual = attend(attention, plan, batch, queries, workers);
          assertThat(actual).as("%d workers", workers).isEqualTo(expected);
        }
        for (int row = 0; row < batch.rows(); row++) {
          batch.sequence(row).close();
        }
      }
    }
  }

  private static AttentionPlan plan(int kvHeads, int group, int workers, boolean shared) {
    return new AttentionPlan(kvHeads, group, workers, shared ? 0 : Integer.MAX_VALUE);
  }

  /** A text and a tree behind it. */
  private void addSequence(Batch batch, KvPool memory, Attention attention, KvLayout layout) {
    KvSequence sequence = memory.newSequence();
    int length = random.nextInt(200);
    assertThat(sequence.reserve(length)).isTrue();
    Batch text = new Batch(length, 1);
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
    for (int head = 0; head < layout.kvHeads(); head++) {
      float[] keys = gaussians(layout.headDimension());
      float[] values = gaussians(layout.headDimension());
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
