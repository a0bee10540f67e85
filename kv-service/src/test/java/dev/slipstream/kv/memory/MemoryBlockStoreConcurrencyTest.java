package dev.slipstream.kv.memory;

import static dev.slipstream.kv.storage.Blocks.buffer;
import static dev.slipstream.kv.storage.Blocks.bytes;
import static dev.slipstream.kv.storage.Blocks.id;
import static dev.slipstream.kv.storage.Blocks.key;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/** A wrong byte here would be a wrong answer of the model, with nothing to show for it. */
class MemoryBlockStoreConcurrencyTest {
  private static final int PAGES = 48;
  private static final int KEYS = 64;
  private static final int OPERATIONS = 4_000;

  private final MemoryBlockStore store = new MemoryBlockStore((long) PAGES * PagePool.PAGE_BYTES);
  private final LongAdder read = new LongAdder();

  @Test
  void aFetchedBlockAlwaysHasTheBytesOfItsKeyWhileOthersStoreAndEvict() throws Exception {
    runAll(List.of(worker(1), worker(2), worker(3), worker(4)));

    assertThat(read.sum()).isPositive();
    assertThat(store.usage().orElseThrow().evictions()).isPositive();
    store.close();
    assertThat(store.isFreed()).isTrue();
  }

  @Test
  void closingUnderLoadFreesEverythingOnceTheReadersAreDone() throws Exception {
    AtomicBoolean closed = new AtomicBoolean();
    Callable<Void> closer =
        () -> {
          while (read.sum() < 500) {
            Thread.onSpinWait();
          }
          store.close();
          closed.set(true);
          return null;
        };
    runAll(List.of(worker(1), worker(2), worker(3), closer));

    assertThat(closed).isTrue();
    assertThat(store.isFreed()).isTrue();
  }

  private Callable<Void> worker(int seed) {
    return () -> {
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < OPERATIONS; i++) {
        int number = random.nextInt(KEYS);
        switch (random.nextInt(3)) {
          case 0 -> store.put(id(number), buffer(number, size(number)), number);
          case 1 -> store.match("acme", List.of(key(number), key(number + 1)));
          default -> check(number);
        }
        assertThat(store.usage().orElseThrow().bytes())
            .isLessThanOrEqualTo((long) PAGES * PagePool.PAGE_BYTES);
      }
      return null;
    };
  }

  private void check(int number) {
    store
        .get(id(number))
        .ifPresent(
            block -> {
              assertThat(block.data()).isEqualTo(bytes(number, size(number)));
              assertThat(block.crc32c()).isEqualTo(number);
              read.increment();
            });
  }

  private static int size(int number) {
    return 1 + number * 1500;
  }

  private static void runAll(List<Callable<Void>> tasks) throws Exception {
    try (var threads = Executors.newFixedThreadPool(tasks.size())) {
      List<Future<Void>> running = new ArrayList<>();
      tasks.forEach(task -> running.add(threads.submit(task)));
      for (Future<Void> task : running) {
        task.get();
      }
    }
  }
}
