package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Random sequences of operations against a plain list per sequence. If this fails, one user's text
 * shows up in another's context, or memory is lost until the service is restarted.
 */
class KvSequenceProperties {
  private static final KvLayout LAYOUT = KvLayout.perLayer(2, 2, 4);
  private static final int BLOCKS = 24;

  private record Tracked(KvSequence sequence, List<Integer> expected) {}

  @Property(tries = 300)
  void sequencesKeepTheirTokensAndGiveEveryBlockBack(
      @ForAll long seed, @ForAll @IntRange(min = 20, max = 200) int steps) {
    Random random = new Random(seed);
    try (KvPool pool = new KvPool(LAYOUT, BLOCKS)) {
      List<Tracked> all = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        step(pool, all, random);
        for (Tracked tracked : all) {
          assertThat(read(tracked.sequence())).isEqualTo(tracked.expected());
        }
      }
      all.forEach(tracked -> tracked.sequence().close());
      assertThat(pool.availableBlocks()).isEqualTo(BLOCKS);
      assertThat(pool.allBlocks(block -> pool.references(block) == 0)).isTrue();
    }
  }

  private static void step(KvPool pool, List<Tracked> all, Random random) {
    int kind = all.isEmpty() ? 0 : random.nextInt(6);
    Tracked one = all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    switch (kind) {
      case 0 -> all.add(new Tracked(pool.newSequence(), new ArrayList<>()));
      case 1, 2 -> append(one, random);
      case 3 -> all.add(new Tracked(one.sequence().fork(), new ArrayList<>(one.expected())));
      case 4 -> {
        int length = random.nextInt(one.expected().size() + 1);
        one.sequence().truncate(length);
        one.expected().subList(length, one.expected().size()).clear();
      }
      default -> {
        one.sequence().close();
        all.remove(one);
      }
    }
  }

  /** Writes a few rows, as a verification would, and commits a random ascending subset of them. */
  private static void append(Tracked one, Random random) {
    int rows = 1 + random.nextInt(20);
    int available = one.sequence().pool().availableBlocks();
    if (!one.sequence().reserve(rows)) {
      assertThat(one.sequence().pool().availableBlocks()).isEqualTo(available);
      return;
    }
    int[] path = new int[rows];
    int accepted = 0;
    for (int i = 0; i < rows; i++) {
      int token = 1 + random.nextInt(1000);
      write(one.sequence(), one.sequence().length() + i, token);
      if (random.nextBoolean()) {
        path[accepted++] = i;
        one.expected().add(token);
      }
    }
    one.sequence().commitPath(path, accepted);
    one.sequence().trim();
  }

  private static void write(KvSequence sequence, int place, int token) {
    visit(
        sequence,
        place,
        (block, at, i) -> block.set(ValueLayout.JAVA_SHORT, at, (short) (token + i)));
  }

  private static List<Integer> read(KvSequence sequence) {
    List<Integer> tokens = new ArrayList<>();
    for (int place = 0; place < sequence.length(); place++) {
      int[] first = new int[1];
      visit(
          sequence,
          place,
          (block, at, i) -> {
            int value = block.get(ValueLayout.JAVA_SHORT, at) - i;
            if (i == 0) {
              first[0] = value;
            }
            assertThat(value).isEqualTo(first[0]);
          });
      tokens.add(first[0]);
    }
    return tokens;
  }

  private interface Visitor {
    void element(MemorySegment block, long offset, int index);
  }

  /** Every element of every head and slot of one token. */
  private static void visit(KvSequence sequence, int place, Visitor visitor) {
    MemorySegment block = sequence.pool().block(sequence.block(place / BLOCK_TOKENS));
    int token = place % BLOCK_TOKENS;
    int index = 0;
    for (int slot = 0; slot < LAYOUT.slots(); slot++) {
      for (int head = 0; head < LAYOUT.kvHeads(); head++) {
        for (int d = 0; d < LAYOUT.headDimension(); d++) {
          visitor.element(
              block, LAYOUT.keyOffset(slot, head) + (d * BLOCK_TOKENS + token) * 2L, index++);
          visitor.element(
              block,
              LAYOUT.valueOffset(slot, head) + (token * LAYOUT.headDimension() + d) * 2L,
              index++);
        }
        // Scales, of which the low half is enough to follow them.
        visitor.element(
            block, LAYOUT.keyOffset(slot, head) + LAYOUT.scalesAfter() + token * 4L, index++);
        visitor.element(
            block, LAYOUT.valueOffset(slot, head) + LAYOUT.scalesAfter() + token * 4L, index++);
      }
    }
  }
}
