package dev.slipstream.engine.attention;

import static dev.slipstream.engine.attention.AttentionFixture.LAYER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.PlaceSelection;
import dev.slipstream.engine.runtime.PositionRanges;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What rows ask of attention. If this fails, techniques that look at a part of the text draft, or
 * answer, from another part than they think.
 */
class RowAttentionTest {
  private static final int WHOLE_TEXT = Integer.MAX_VALUE;

  @ParameterizedTest
  @ValueSource(ints = {5, 60, WHOLE_TEXT})
  void aRowSeesOnlyWhatItSelects(int window) {
    try (AttentionFixture fixture = new AttentionFixture(2, 3, 32)) {
      for (int round = 0; round < 20; round++) {
        Batch batch = new Batch(32, 1);
        fixture.addSequence(batch);
        fixture.addSequence(batch);
        Map<Integer, PlaceSelection> selections = new HashMap<>();
        for (int row = 0; row < batch.rows(); row++) {
          if (fixture.random.nextInt(4) != 0) {
            selections.put(row, scattered(fixture.random.nextInt(), round % 5));
            batch.select(row, selections.get(row));
          }
        }
        float[] queries = fixture.queries(batch);
        AttentionPlan plan = fixture.plan(window, 2, 0);
        float[] actual = fixture.attend(plan, batch, queries, 2);
        for (int row = 0; row < batch.rows(); row++) {
          int first = batch.position(row) - window + 1;
          for (int head = 0; head < fixture.heads(); head++) {
            PositionRanges seen = seen(selections.get(row), head / 3, batch.position(row));
            fixture.assertAttends(
                actual, batch, row, head, p -> p >= first && contains(seen, p), queries);
          }
        }
        for (int row = 0; row < batch.rows(); row++) {
          batch.sequence(row).close();
        }
      }
    }
  }

  /** Some positions of every text, others for each head; none at all, if {@code share} is 0. */
  private static PlaceSelection scattered(int seed, int share) {
    return (layer, kvHead, position, seen) -> {
      Random choice = new Random(seed + layer + kvHead);
      for (int p = 0; p <= position; p++) {
        if (choice.nextInt(4) < share) {
          seen.add(p, p + 1);
        }
      }
    };
  }

  private static PositionRanges seen(PlaceSelection selection, int kvHead, int position) {
    PositionRanges seen = new PositionRanges();
    seen.clear(position + 1);
    if (selection == null) {
      seen.add(0, position);
    } else {
      selection.select(LAYER, kvHead, position, seen);
    }
    if (!contains(seen, position)) {
      seen.add(position, position + 1);
    }
    return seen;
  }

  private static boolean contains(PositionRanges ranges, int position) {
    return IntStream.range(0, ranges.count())
        .anyMatch(i -> position >= ranges.from(i) && position < ranges.to(i));
  }

  /** Reading little of a long text is all that a sparse draft saves. */
  @Test
  void blocksThatNobodySelectsAreNotRead() {
    try (AttentionFixture fixture = new AttentionFixture(2, 3, 32)) {
      Batch batch = new Batch(32, 1);
      KvSequence sequence = fixture.text(100);
      fixture.addTree(batch, sequence, 4);
      float[] queries = fixture.queries(batch);
      AttentionPlan plan = fixture.plan(WHOLE_TEXT, 2);
      for (int row = 0; row < batch.rows(); row++) {
        batch.select(row, RowAttentionTest::twoPlaces);
      }
      float[] expected = fixture.attend(plan, batch, queries, 2);
      for (int block : new int[] {1, 2, 3, 5}) {
        fixture.memory.block(sequence.block(block)).fill((byte) 0xff);
      }
      assertThat(fixture.attend(plan, batch, queries, 2)).isEqualTo(expected);
    }
  }

  /** In the blocks 0 and 4. */
  private static void twoPlaces(int layer, int kvHead, int position, PositionRanges seen) {
    seen.add(3, 5);
    seen.add(70, 80);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 17, 150, 1000})
  void aSelectedWindowHasTheBitsOfALayersWindow(int window) {
    try (AttentionFixture fixture = new AttentionFixture(2, 3, 32)) {
      Batch batch = new Batch(32, 1);
      fixture.addSequence(batch);
      fixture.addSequence(batch);
      float[] queries = fixture.queries(batch);
      float[] expected = fixture.attend(fixture.plan(window, 2), batch, queries, 2);
      for (int row = 0; row < batch.rows(); row++) {
        batch.select(row, new Window(window));
      }
      AttentionPlan all = fixture.plan(WHOLE_TEXT, 2);
      assertThat(fixture.attend(all, batch, queries, 2)).isEqualTo(expected);
      // A batch that is used again remembers nothing.
      KvSequence sequence = batch.sequence(0);
      batch.clear();
      fixture.addTree(batch, sequence, 3);
      assertThat(batch.isSelective()).isFalse();
      assertThat(batch.selection(0)).isNull();
    }
  }

  @Test
  void rangesThatAreNoneAreRefused() {
    try (AttentionFixture fixture = new AttentionFixture(2, 3, 32)) {
      Batch batch = new Batch(1, 1);
      fixture.addTree(batch, fixture.text(10), 1);
      float[] queries = fixture.queries(batch);
      AttentionPlan plan = fixture.plan(WHOLE_TEXT, 1);
      for (int[] bad : new int[][] {{3, 2}, {-1, 2}, {0, 12}, {4, 6, 5, 7}}) {
        batch.select(
            0,
            (layer, kvHead, position, seen) -> {
              for (int i = 0; i < bad.length; i += 2) {
                seen.add(bad[i], bad[i + 1]);
              }
            });
        assertThatThrownBy(() -> fixture.attend(plan, batch, queries, 1))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("in a text of 11")
            .hasMessageContaining("[%d, %d)".formatted(bad[bad.length - 2], bad[bad.length - 1]));
      }
    }
  }

  /** In plain text, on a branch, within a window and where workers share a text. */
  @ParameterizedTest
  @CsvSource({"1, 2147483647", "2, 2147483647", "3, 40", "2, 3"})
  void anObserverHearsHowEachHeadWeighsTheText(int workers, int window) {
    try (AttentionFixture fixture = new AttentionFixture(2, 3, 32)) {
      for (int round = 0; round < 10; round++) {
        Batch batch = new Batch(32, 1);
        KvSequence sequence = fixture.addSequence(batch);
        Map<List<Integer>, float[]> heard = new ConcurrentHashMap<>();
        for (int row = 0; row < batch.rows(); row += 2) {
          batch.observe(
              row,
              (r, layer, head, first, weights, from, count) -> {
                float[] all = new float[first + count];
                System.arraycopy(weights, from, all, first, count);
                assertThat(heard.put(List.of(r, layer, head), all)).as("heard before").isNull();
              });
        }
        float[] queries = fixture.queries(batch);
        int shared = round % 2 == 0 ? 0 : 1000;
        AttentionPlan plan = fixture.plan(window, workers, shared);
        fixture.attend(plan, batch, queries, workers);
        assertThat(heard).hasSize(fixture.heads() * Math.ceilDiv(batch.rows(), 2));
        heard.forEach(
            (who, actual) -> {
              int row = who.get(0);
              int first = batch.position(row) - window + 1;
              double[] expected = fixture.weights(batch, row, who.get(2), p -> p >= first, queries);
              assertThat(who.get(1)).isEqualTo(LAYER);
              assertThat(actual).hasSize(expected.length);
              for (int p = 0; p < expected.length; p++) {
                assertThat((double) actual[p]).isCloseTo(expected[p], within(1e-3));
              }
            });
        sequence.close();
      }
    }
  }
}
