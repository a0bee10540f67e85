package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Random sequences of operations against a plain list per sequence. If this fails, one user's text
 * shows up in another's context, or memory is lost until the service is restarted.
 */
class KvSequenceProperties {
  private static final KvLayout LAYOUT =
      new KvLayout(
          List.of(
              new KvGroup(1, 2, 4, KvFormats.INTEGERS),
              new KvGroup(
                  1, 1, 6, new KvFormat(KvFormats.FLOATS.keys(), KvFormats.INTEGERS.values()))),
          0,
          1);
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
    MemorySegment memory = sequence.pool().memory();
    visit(
        sequence,
        place,
        (plane, at, first) -> {
          float[] vector = new float[plane.dimension()];
          for (int d = 0; d < vector.length; d++) {
            vector[d] = token + first + d;
          }
          plane.store(memory, at, place % BLOCK_TOKENS, vector, 0);
        });
  }

  private static List<Integer> read(KvSequence sequence) {
    MemorySegment memory = sequence.pool().memory();
    List<Integer> tokens = new ArrayList<>();
    for (int place = 0; place < sequence.length(); place++) {
      int token = place % BLOCK_TOKENS;
      Set<Integer> read = new HashSet<>();
      visit(
          sequence,
          place,
          (plane, at, first) -> {
            for (int d = 0; d < plane.dimension(); d++) {
              read.add(Math.round(plane.element(memory, at, token, d)) - first - d);
            }
          });
      assertThat(read).hasSize(1);
      tokens.addAll(read);
    }
    return tokens;
  }

  private interface Visitor {
    void plane(KvPlane plane, long offset, int first);
  }

  /** Every plane of every slot at a place, with a number that tells it from the others. */
  private static void visit(KvSequence sequence, int place, Visitor visitor) {
    long block = sequence.blockOffset(place);
    int first = 0;
    for (int i = 0; i < LAYOUT.slots(); i++) {
      KvSlot slot = LAYOUT.slot(i);
      for (int head = 0; head < slot.heads(); head++) {
        visitor.plane(slot.keys(), block + slot.keyOffset(head), first);
        visitor.plane(slot.values(), block + slot.valueOffset(head), first + 1000);
        first += 2000;
      }
    }
  }
}
