package dev.slipstream.engine.attention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.cache.KvFormats;
import dev.slipstream.engine.runtime.Batch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** If this fails, answers depend on the number of threads or on who else is being served. */
class AttentionTest {
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
    KvFormat kept = KvFormats.ALL.get(format);
    try (AttentionFixture fixture = new AttentionFixture(kvHeads, group, dimension, kept)) {
      for (int round = 0; round < 10; round++) {
        Batch batch = new Batch(32, 1);
        for (int i = fixture.random.nextInt(3); i >= 0; i--) {
          fixture.addSequence(batch);
        }
        float[] queries = fixture.queries(batch);
        AttentionPlan whole = fixture.plan(window, 1, Integer.MAX_VALUE);
        float[] expected = fixture.attend(whole, batch, queries, 1);
        for (int workers : new int[] {1, 2, 3}) {
          AttentionPlan plan = fixture.plan(window, workers, 0);
          float[] actual = fixture.attend(plan, batch, queries, workers);
          assertThat(actual).as("%d workers", workers).isEqualTo(expected);
        }
        for (int row = 0; row < batch.rows(); row++) {
          batch.sequence(row).close();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 16, 17, 60, Integer.MAX_VALUE})
  void aRowSeesItsBranchAsFarBackAsTheWindowReaches(int window) {
    try (AttentionFixture fixture = new AttentionFixture(2, 2, 32)) {
      for (int round = 0; round < 10; round++) {
        Batch batch = new Batch(32, 1);
        fixture.addSequence(batch);
        float[] queries = fixture.queries(batch);
        AttentionPlan plan = fixture.plan(window, 1);
        float[] actual = fixture.attend(plan, batch, queries, 1);
        for (int row = 0; row < batch.rows(); row++) {
          int first = batch.position(row) - window + 1;
          for (int head = 0; head < fixture.heads(); head++) {
            fixture.assertAttends(actual, batch, row, head, p -> p >= first, queries);
          }
        }
        batch.sequence(0).close();
      }
    }
  }
}
