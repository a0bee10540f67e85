package dev.slipstream.kv.memory;

import static dev.slipstream.kv.storage.Blocks.buffer;
import static dev.slipstream.kv.storage.Blocks.bytes;
import static dev.slipstream.kv.storage.Blocks.id;
import static dev.slipstream.kv.storage.Blocks.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.Blocks;
import dev.slipstream.kv.storage.StoreOutcome;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("suite")
class MemoryBlockStoreTest {
  private static final int PAGE = PagePool.PAGE_BYTES;

  private MemoryBlockStore store = new MemoryBlockStore(64L * PAGE);

  @AfterEach
  @AfterTry
  void close() {
    store.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 5 * PAGE + 123})
  void aBlockComesBackByteForByteWhateverItsSize(int size) {
    assertThat(store.put(id(1), buffer(1, size), 42)).isEqualTo(StoreOutcome.STORED);

    var block = store.get(id(1)).orElseThrow();

    assertThat(block.data()).isEqualTo(bytes(1, size));
    assertThat(block.crc32c()).isEqualTo(42);
  }

  @Test
  void aBlockInAReadOnlyOrSlicedBufferIsStoredFromItsPosition() {
    var slice = buffer(1, 100).position(10).asReadOnlyBuffer();

    store.put(id(1), slice, 0);

    byte[] expected = java.util.Arrays.copyOfRange(bytes(1, 100), 10, 100);
    assertThat(store.get(id(1)).orElseThrow().data()).isEqualTo(expected);
  }

  @Test
  void aKeyThatIsThereIsKeptAsItIs() {
    store.put(id(1), buffer(1, 100), 0);

    assertThat(store.put(id(1), buffer(2, 100), 0)).isEqualTo(StoreOutcome.PRESENT);

    assertThat(store.get(id(1)).orElseThrow().data()).isEqualTo(bytes(1, 100));
    assertThat(store.usage().orElseThrow().bytes()).isEqualTo(PAGE);
  }

  @Test
  void anotherTenantSeesNothing() {
    store.put(id(1), buffer(1, 100), 0);

    assertThat(store.get(new BlockId("rival", key(1)))).isEmpty();
    assertThat(store.match("rival", List.of(key(1)))).isZero();
    assertThat(store.put(new BlockId("rival", key(1)), buffer(2, 100), 0))
        .isEqualTo(StoreOutcome.STORED);
    assertThat(store.get(id(1)).orElseThrow().data()).isEqualTo(bytes(1, 100));
  }

  @Test
  void aMatchCountsLeadingBlocksOnly() {
    for (int n : List.of(1, 2, 4)) {
      store.put(id(n), buffer(n, 10), 0);
    }

    assertThat(store.match("acme", List.of(key(1), key(2), key(3), key(4)))).isEqualTo(2);
    assertThat(store.match("acme", List.of(key(3), key(4)))).isZero();
    assertThat(store.match("acme", List.of())).isZero();
  }

  @net.jqwik.api.Tag("suite")
  @Property(tries = 50)
  void theBudgetHoldsWhateverIsStored(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 100) int capacity) {
    try (var small = new MemoryBlockStore((long) capacity * PAGE + 5)) {
      var random = new java.util.SplittableRandom(seed);
      for (int n = 0; n < 300; n++) {
        int size = 1 + random.nextInt(capacity * PAGE);
        if (small.put(id(n), buffer(n, size), 0) == StoreOutcome.STORED) {
          assertThat(small.get(id(n)).orElseThrow().data()).isEqualTo(bytes(n, size));
        }
        assertThat(small.usage().orElseThrow().bytes()).isLessThanOrEqualTo((long) capacity * PAGE);
      }
      assertThat(small.usage().orElseThrow().evictions()).isPositive();
    }
  }

  @Test
  void aFullStoreStillTakesWhatIsUsedNow() {
    for (int n = 0; n < 1000; n++) {
      store.put(id(n), buffer(n, PAGE), 0);
    }
    int taken = 0;
    for (int round = 0; round < 20; round++) {
      taken += store.put(id(5000), buffer(5000, PAGE), 0) == StoreOutcome.STORED ? 1 : 0;
      store.match("acme", List.of(key(5000)));
      store.put(id(6000 + round), buffer(6000 + round, PAGE), 0);
    }

    assertThat(taken).isPositive();
    assertThat(store.get(id(5000))).isPresent();
  }

  @Test
  void aBurstOfPromptsThatNeverComeBackDoesNotWashOutTheSharedSystemPrompt() {
    List<Integer> shared = List.of(1, 2, 3, 4, 5, 6, 7, 8);
    for (int n : shared) {
      store.put(id(n), buffer(n, PAGE), 0);
    }
    var chain = shared.stream().map(Blocks::key).toList();

    store.match("acme", chain);

    // Ten times what the store holds; the shared prompt is used too seldom for plain LRU to keep
    // it.
    for (int n = 100; n < 740; n++) {
      store.put(id(n), buffer(n, PAGE), 0);
      if (n % 100 == 0) {
        store.match("acme", chain);
      }
    }

    assertThat(store.match("acme", chain)).isEqualTo(shared.size());
  }

  @Test
  void aBlockThatCanNeverFitIsDeclinedAndDisturbsNobody() {
    store.put(id(1), buffer(1, 100), 0);

    assertThat(store.put(id(2), buffer(2, 65 * PAGE), 0)).isEqualTo(StoreOutcome.DECLINED);

    assertThat(store.get(id(1))).isPresent();
    assertThat(store.usage().orElseThrow().bytes()).isEqualTo(PAGE);
  }

  @Test
  void aRemovedBlockGivesItsPagesBackAndMakesRoomForAnother() {
    store.put(id(1), buffer(1, 3 * PAGE), 0);
    store.put(id(2), buffer(2, PAGE), 0);

    assertThat(store.remove(id(1), content -> false)).isFalse();
    assertThat(store.remove(new BlockId("rival", key(1)), content -> true)).isFalse();
    assertThat(store.get(id(1))).isPresent();
    byte[] expected = bytes(1, 3 * PAGE);
    assertThat(store.remove(id(1), content -> java.util.Arrays.equals(content, expected))).isTrue();

    assertThat(store.get(id(1))).isEmpty();
    assertThat(store.remove(id(1), content -> true)).isFalse();
    assertThat(store.usage().orElseThrow().bytes()).isEqualTo(PAGE);
    assertThat(store.usage().orElseThrow().evictions()).isZero();
    assertThat(store.put(id(1), buffer(9, 10), 0)).isEqualTo(StoreOutcome.STORED);
    assertThat(store.get(id(2))).isPresent();
  }

  @Test
  void closingGivesTheMemoryBackAndLeavesAQuietEmptyStore() {
    store.put(id(1), buffer(1, 100), 0);

    store.close();
    store.close();

    assertThat(store.isFreed()).isTrue();
    assertThat(store.get(id(1))).isEmpty();
    assertThat(store.match("acme", List.of(key(1)))).isZero();
    assertThat(store.put(id(1), buffer(1, 100), 0)).isEqualTo(StoreOutcome.DECLINED);
    assertThat(store.usage().orElseThrow().bytes()).isZero();
  }

  @Test
  void memoryStaysUntilTheLastReaderIsDone() {
    PagePool pool = new PagePool(4L * PAGE);
    OffHeapBlock block = OffHeapBlock.write(pool, buffer(1, 2 * PAGE), 0).orElseThrow();
    assertThat(block.retain()).isTrue();

    block.release();
    pool.close();
    assertThat(block.copy()).isEqualTo(bytes(1, 2 * PAGE));
    assertThat(pool.isFreed()).isFalse();

    block.release();
    assertThat(pool.isFreed()).isTrue();
    assertThat(block.retain()).isFalse();
  }
}
