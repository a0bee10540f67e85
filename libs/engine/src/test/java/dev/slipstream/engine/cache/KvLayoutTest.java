package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvFormats.FLOATS;
import static dev.slipstream.engine.cache.KvFormats.INTEGERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is in memory, and in everybody's shared blocks, is found by these numbers. */
class KvLayoutTest {
  private static final KvGroup TWO = new KvGroup(2, 2, 8, INTEGERS);
  private static final KvGroup ONE = new KvGroup(1, 3, 5, FLOATS);
  private static final KvGroup FLAT = new KvGroup(2, 2, 8, FLOATS);

  /** Whatever kv-service had kept before would have to be computed again. */
  @Test
  void blocksThatWereStoredBeforeAreStillFound() {
    KvLayout layout = KvLayout.perLayer(3, 2, 64, INTEGERS);
    assertThat(layout.fingerprint()).isEqualTo("i16s/2/b16/h2/d64/[0, 1, 2]");
    assertThat(layout.encoding()).isEqualTo("i16s/2");
    assertThat(layout.blockBytes()).isEqualTo(3 * 2 * 2 * (64 * 16 * 2 + 16 * 4));
    assertThat(layout.slot(2).keyOffset(1)).isEqualTo((2 * 4 + 1) * (64 * 16 * 2 + 16 * 4));
    assertThat(layout.slot(2).valueOffset(1)).isEqualTo((2 * 4 + 3) * (64 * 16 * 2 + 16 * 4));
  }

  /** Otherwise bytes of one layout would be taken for those of another. */
  @Test
  void layoutsThatDifferInAnythingHaveOtherKeys() {
    KvFormat mixed = new KvFormat(INTEGERS.keys(), FLOATS.values());
    KvFormat swapped = new KvFormat(FLOATS.keys(), INTEGERS.values());
    List<BlockKey> keys =
        Stream.of(
                KvLayout.perLayer(3, 2, 8, INTEGERS),
                KvLayout.perLayer(3, 2, 8, FLOATS),
                KvLayout.perLayer(3, 2, 8, mixed),
                KvLayout.perLayer(3, 2, 8, swapped),
                KvLayout.perLayer(3, 8, 2, INTEGERS),
                KvLayout.perLayer(2, 2, 8, INTEGERS),
                new KvLayout(List.of(TWO), 0, 0, 1),
                new KvLayout(List.of(TWO), 0, 1, 1),
                new KvLayout(List.of(TWO, ONE), 0, 1, 2),
                new KvLayout(List.of(ONE, TWO), 0, 1, 2),
                new KvLayout(List.of(ONE, TWO), 2, 1, 0),
                new KvLayout(List.of(TWO, new KvGroup(1, 2, 8, FLOATS)), 0, 1, 2),
                new KvLayout(List.of(new KvGroup(1, 2, 8, INTEGERS), FLAT), 0, 1, 2))
            .map(KvLayoutTest::key)
            .toList();
    assertThat(keys).doesNotHaveDuplicates();
  }

  private static BlockKey key(KvLayout layout) {
    var chain = new BlockKeyChain("model", "tokenizer", layout, "");
    chain.extend(i -> i, KvLayout.BLOCK_TOKENS);
    return chain.keys().getFirst();
  }

  @Test
  void aLayerNamesASlotAndAGroupItsEncodings() {
    KvLayout layout = new KvLayout(List.of(TWO, ONE), 0, 0, 2, 1, 2);
    assertThat(IntStream.range(0, 5).map(layout::slotOfLayer)).containsExactly(0, 0, 2, 1, 2);
    assertThat(layout.slots()).isEqualTo(3);
    assertThat(layout.slot(1).keys()).hasSameClassAs(INTEGERS.keys().keys(8));
    assertThat(layout.slot(2).keys()).hasSameClassAs(FLOATS.keys().keys(5));
    assertThat(layout.slot(2).heads()).isEqualTo(3);
    assertThat(layout.encoding()).isEqualTo("2xi16s/2+1xf32/1");
    assertThat(new KvLayout(List.of(TWO, TWO), 0, 1, 2, 3).encoding()).isEqualTo("i16s/2");
  }

  /** A plane on top of another one: what a user wrote changes under them. */
  @Test
  void planesFollowEachOtherAndFillTheBlock() {
    for (KvFormat format : KvFormats.ALL) {
      KvLayout layout =
          new KvLayout(List.of(TWO, new KvGroup(2, 3, 7, format), ONE), 4, 3, 2, 1, 0);
      long end = 0;
      for (int i = 0; i < layout.slots(); i++) {
        KvSlot slot = layout.slot(i);
        for (int head = 0; head < slot.heads(); head++, end += slot.keys().bytes()) {
          assertThat((long) slot.keyOffset(head)).isEqualTo(end);
        }
        for (int head = 0; head < slot.heads(); head++, end += slot.values().bytes()) {
          assertThat((long) slot.valueOffset(head)).isEqualTo(end);
        }
      }
      assertThat((long) layout.blockBytes()).isEqualTo(end);
    }
  }

  @Test
  void layoutsThatCannotBeAreRefused() {
    refused(() -> KvLayout.perLayer(1024, 64, 1024, INTEGERS), "no KV block");
    refused(() -> KvLayout.perLayer(1 << 16, 1 << 14, 2, INTEGERS), "no KV block");
    refused(() -> KvLayout.perLayer(512, 63, 1024, FLOATS), "no KV block");
    assertThat(KvLayout.perLayer(512, 63, 1024, INTEGERS).blockBytes()).isPositive();
    refused(() -> KvLayout.perLayer(1, 0, 64, INTEGERS), "0 heads");
    refused(() -> KvLayout.perLayer(1, 1, -1, INTEGERS), "-1 elements");
    refused(() -> KvLayout.perLayer(0, 1, 1, INTEGERS), "0 slots");
    refused(() -> new KvLayout(List.of(TWO), 0, -1), "[-1, 0] of 2");
    refused(() -> new KvLayout(List.of(TWO), 0, 0), "[0] of 2");
    refused(() -> new KvLayout(List.of(TWO), 0, 1, 2), "[0, 1, 2] of 2");
    refused(() -> new KvLayout(List.of()), "no KV block");
  }

  private static void refused(Runnable layout, String why) {
    assertThatIllegalArgumentException().isThrownBy(layout::run).withMessageContaining(why);
  }
}
