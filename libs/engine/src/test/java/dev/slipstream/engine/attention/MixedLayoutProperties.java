package dev.slipstream.engine.attention;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvEncoding;
import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.cache.KvGroup;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPlane;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.cache.encoding.Floats;
import dev.slipstream.engine.cache.encoding.ScaledIntegers;
import dev.slipstream.engine.cache.toy.ByteEncoding;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Slots of any shapes and encodings beside each other. If this fails, a layer attends to what
 * another one has stored, or to what is no longer there.
 */
class MixedLayoutProperties {
  private static final int HEADS = 6;
  private static final float SCALE = 0.2f;
  private static final double SUM_ERROR = 2e-4;
  private static final KvEncoding INTEGERS = new ScaledIntegers();
  private static final KvEncoding FLOATS = new Floats();
  private static final KvEncoding TOY = new ByteEncoding();

  private final Random random = new Random();
  private final List<KvFormat> formatOfSlot = new ArrayList<>();
  private final List<Token> text = new ArrayList<>();
  private KvLayout layout;
  private Attention attention;
  private KvSequence sequence;

  /** Keys and values of a token, for each slot and head. */
  private record Token(float[][][] keys, float[][][] values) {}

  @Property(tries = 60)
  void everyLayerSeesWhatWasStoredForIt(@ForAll long seed) {
    random.setSeed(seed);
    text.clear();
    makeLayout();
    attention = new Attention(layout, HEADS);
    try (KvPool pool = new KvPool(layout, 20);
        ComputePool workers = new ComputePool(2)) {
      sequence = pool.newSequence();
      for (int round = 0; round < 3; round++) {
        growABranch();
      }
      Batch batch = new Batch(8, 1);
      text.addAll(append(batch, 1 + random.nextInt(8), 1));
      checkStored();
      for (int slot = 0; slot < layout.slots(); slot++) {
        checkAttention(batch, slot, workers);
      }
    }
  }

  private void makeLayout() {
    formatOfSlot.clear();
    List<KvGroup> groups = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      KvFormat format = new KvFormat(encoding(), encoding());
      int slots = 1 + random.nextInt(2);
      groups.add(new KvGroup(slots, 1 + random.nextInt(3), 1 + random.nextInt(70), format));
      for (int slot = 0; slot < slots; slot++) {
        formatOfSlot.add(format);
      }
    }
    layout = new KvLayout(groups, IntStream.range(0, formatOfSlot.size()).toArray());
  }

  private KvEncoding encoding() {
    return List.of(INTEGERS, FLOATS, TOY).get(random.nextInt(3));
  }

  /** Stores a tree and keeps one branch of it, whose tokens move together. */
  private void growABranch() {
    Batch batch = new Batch(40, 1);
    List<Token> tree = append(batch, 1 + random.nextInt(40), 3);
    List<Integer> path = new ArrayList<>();
    for (int row = random.nextInt(batch.rows()); row != Batch.COMMITTED; row = batch.parent(row)) {
      path.addFirst(row);
    }
    sequence.commitPath(path.stream().mapToInt(i -> i).toArray(), path.size());
    sequence.trim();
    path.forEach(row -> text.add(tree.get(row)));
  }

  /** Stores rows, each of which follows one of so many rows before it. */
  private List<Token> append(Batch batch, int rows, int choices) {
    assertThat(sequence.reserve(rows)).isTrue();
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      batch.add(sequence, 0, Math.max(Batch.COMMITTED, i - 1 - random.nextInt(choices)), false);
      Token token = new Token(vectors(), vectors());
      for (int slot = 0; slot < layout.slots(); slot++) {
        for (int head = 0; head < layout.slot(slot).heads(); head++) {
          float[] keys = token.keys[slot][head];
          float[] values = token.values[slot][head];
          assertThat(attention.store(batch, i, slot, head, keys, 0, values, 0)).isTrue();
        }
      }
      tokens.add(token);
    }
    return tokens;
  }

  private float[][][] vectors() {
    float[][][] vectors = new float[layout.slots()][][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = new float[layout.slot(i).heads()][];
      for (int head = 0; head < vectors[i].length; head++) {
        vectors[i][head] = gaussians(layout.slot(i).dimension());
      }
    }
    return vectors;
  }

  private void checkStored() {
    for (int place = 0; place < text.size(); place++) {
      for (int slot = 0; slot < layout.slots(); slot++) {
        for (int head = 0; head < layout.slot(slot).heads(); head++) {
          KvFormat format = formatOfSlot.get(slot);
          Token token = text.get(place);
          checkStored(format.keys(), token.keys[slot][head], keys(slot, head, place));
          checkStored(format.values(), token.values[slot][head], values(slot, head, place));
        }
      }
    }
  }

  private static void checkStored(KvEncoding encoding, float[] expected, float[] actual) {
    double steps = encoding == FLOATS ? Double.POSITIVE_INFINITY : encoding == TOY ? 127 : 32767;
    double largest = 0;
    for (float x : expected) {
      largest = Math.max(largest, Math.abs(x));
    }
    for (int d = 0; d < expected.length; d++) {
      double rounding = largest * 0.51 / steps; // a half, and what floats lose of it
      assertThat((double) actual[d]).isCloseTo(expected[d], within(rounding));
    }
  }

  private float[] keys(int slot, int head, int place) {
    KvSlot form = layout.slot(slot);
    return elements(form.keys(), form.keyOffset(head), place);
  }

  private float[] values(int slot, int head, int place) {
    KvSlot form = layout.slot(slot);
    return elements(form.values(), form.valueOffset(head), place);
  }

  private float[] elements(KvPlane plane, int offset, int place) {
    float[] elements = new float[plane.dimension()];
    for (int d = 0; d < elements.length; d++) {
      long at = sequence.blockOffset(place) + offset;
      elements[d] = plane.element(sequence.pool().memory(), at, place % BLOCK_TOKENS, d);
    }
    return elements;
  }

  private void checkAttention(Batch batch, int slot, ComputePool workers) {
    int kvHeads = layout.slot(slot).heads();
    int dimension = layout.slot(slot).dimension();
    int width = HEADS * dimension;
    float[] queries = gaussians(batch.rows() * width);
    float[] actual = new float[queries.length];
    int shared = random.nextBoolean() ? 0 : Integer.MAX_VALUE;
    AttentionPlan plan = attention.plan(kvHeads, SCALE, Integer.MAX_VALUE, 2, shared);
    plan.divide(batch);
    workers.run(w -> attention.worker().attend(plan, slot, queries, width, actual, width, w));
    for (int row = 0; row < batch.rows(); row++) {
      for (int head = 0; head < HEADS; head++) {
        int at = row * width + head * dimension;
        double[] expected =
            expected(slot, head * kvHeads / HEADS, batch.position(row) + 1, queries, at);
        for (int d = 0; d < dimension; d++) {
          assertThat((double) actual[at + d]).isCloseTo(expected[d], within(SUM_ERROR));
        }
      }
    }
  }

  /** Sums in double over the first tokens of the text, one after another. */
  private double[] expected(int slot, int kvHead, int tokens, float[] queries, int at) {
    double[] sums = new double[layout.slot(slot).dimension()];
    double total = 0;
    for (int place = 0; place < tokens; place++) {
      float[] keys = keys(slot, kvHead, place);
      float[] values = values(slot, kvHead, place);
      double score = 0;
      for (int d = 0; d < sums.length; d++) {
        score += (double) queries[at + d] * keys[d] * SCALE;
      }
      double weight = Math.exp(score);
      total += weight;
      for (int d = 0; d < sums.length; d++) {
        sums[d] += weight * values[d];
      }
    }
    for (int d = 0; d < sums.length; d++) {
      sums[d] /= total;
    }
    return sums;
  }

  private float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
