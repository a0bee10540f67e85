package dev.slipstream.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** If these fail, a forward pass computes with half-written data, hangs, or dies for good. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ComputePoolTest {
  @Test
  void runsTheTaskOnceOnEveryWorkerAndTheCallerIsWorkerZero() {
    try (ComputePool pool = new ComputePool(4)) {
      Set<Integer> seen = ConcurrentHashMap.newKeySet();
      Thread caller = Thread.currentThread();
      pool.run(
          w -> {
            assertThat(w.count()).isEqualTo(4);
            assertThat(Thread.currentThread() == caller).isEqualTo(w.index() == 0);
            assertThat(seen.add(w.index())).isTrue();
          });
      assertThat(seen).containsExactlyInAnyOrder(0, 1, 2, 3);
    }
  }

  @Test
  void aBarrierHoldsUntilAllAreThereEvenWithFarMoreWorkersThanCores() {
    int workers = 8 * Runtime.getRuntime().availableProcessors();
    try (ComputePool pool = new ComputePool(workers)) {
      AtomicInteger arrived = new AtomicInteger();
      for (int run = 0; run < 20; run++) {
        arrived.set(0);
        pool.run(
            w -> {
              for (int step = 1; step <= 20; step++) {
                arrived.incrementAndGet();
                w.barrier();
                assertThat(arrived.get()).isEqualTo(step * workers);
                w.barrier();
              }
            });
      }
    }
  }

  @Test
  void anExceptionOfAnyWorkerReachesTheCallerAndThePoolGoesOn() {
    try (ComputePool pool = new ComputePool(3)) {
      for (int culprit = 0; culprit < 3; culprit++) {
        int bad = culprit;
        assertThatThrownBy(
                () ->
                    pool.run(
                        w -> {
                          w.barrier();
                          if (w.index() == bad) {
                            throw new IllegalArgumentException("worker " + bad);
                          }
                          w.barrier();
                        }))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("worker " + bad);
        AtomicInteger count = new AtomicInteger();
        pool.run(
            w -> {
              w.barrier();
              count.incrementAndGet();
            });
        assertThat(count).hasValue(3);
      }
    }
  }

  @Test
  void callersTakeTurns() throws InterruptedException {
    try (ComputePool pool = new ComputePool(2)) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger total = new AtomicInteger();
      Runnable caller =
          () -> {
            for (int i = 0; i < 200; i++) {
              pool.run(
                  w -> {
                    assertThat(inside.incrementAndGet()).isLessThanOrEqualTo(2);
                    w.barrier();
                    total.incrementAndGet();
                    inside.decrementAndGet();
                  });
            }
          };
      Thread other = Thread.ofVirtual().start(caller);
      caller.run();
      other.join();
      assertThat(total).hasValue(800);
    }
  }

  @Test
  void sharesCoverAllItemsOnce() {
    try (ComputePool pool = new ComputePool(3)) {
      for (int items = 0; items < 20; items++) {
        int n = items;
        AtomicInteger sum = new AtomicInteger();
        pool.run(
            w -> {
              for (int i = w.first(n); i < w.end(n); i++) {
                sum.addAndGet(1 << i);
              }
            });
        assertThat(sum).hasValue((1 << n) - 1);
      }
    }
  }

  @Test
  void refusesWhatWouldHang() {
    assertThatThrownBy(() -> new ComputePool(0)).hasMessageContaining("at least 1");
    ComputePool pool = new ComputePool(2);
    assertThatThrownBy(() -> pool.run(w -> pool.run(x -> {})))
        .isInstanceOf(IllegalStateException.class);
    pool.close();
    assertThatThrownBy(() -> pool.run(w -> {})).hasMessageContaining("closed");
  }

  /** Whoever stops a load would else wait until all other workers have packed their share. */
  @Test
  void anInterruptedCallerStopsAllWorkersAtTheirNextCheckpoint() throws Exception {
    try (ComputePool pool = new ComputePool(3)) {
      CountDownLatch started = new CountDownLatch(3);
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      Thread caller =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      pool.run(
                          w -> {
                            started.countDown();
                            while (true) {
                              w.checkpoint();
                            }
                          });
                    } catch (Throwable e) {
                      thrown.complete(e);
                    }
                  });
      started.await();
      caller.interrupt();
      assertThat(thrown.get()).isInstanceOf(CancellationException.class);
      AtomicInteger ran = new AtomicInteger();
      pool.run(
          w -> {
            w.checkpoint();
            ran.incrementAndGet();
          });
      assertThat(ran).as("the pool stays usable").hasValue(3);
    }
  }

  @Test
  void aWorkerThatFailsStopsTheOthersAtTheirNextCheckpoint() {
    try (ComputePool pool = new ComputePool(3)) {
      assertThatThrownBy(
              () ->
                  pool.run(
                      w -> {
                        if (w.index() == 2) {
                          throw new IllegalArgumentException("bad weight");
                        }
                        while (true) {
                          w.checkpoint();
                        }
                      }))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
