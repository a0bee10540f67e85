package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Named;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;

/** One user's prompts must not decide how long another's wait. */
class FairWorkersTest {
  private static final Caller A = new Named("a");
  private static final Caller B = new Named("b");
  private static final int LONG = 4 << 20;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final GatewayMetrics metrics = new GatewayMetrics(registry);
  private final Defects defects = new Defects(metrics);
  private final Queue<Runnable> threads = new ArrayDeque<>();
  private final FairWorkers workers = workers(threads::add, 1, 200);
  private final List<String> order = new ArrayList<>();

  private FairWorkers workers(Executor executor, int threadCount, int mostWaiting) {
    return new FairWorkers(executor, threadCount, mostWaiting, defects, metrics);
  }

  private Disposable send(Caller caller, long bytes, String name) {
    return workers.run(caller, bytes, () -> order.add(name)).subscribe();
  }

  private void work() {
    while (!threads.isEmpty()) {
      threads.remove().run();
    }
  }

  @Test
  void aShortPromptGoesBeforeAFloodOfAnotherKey() {
    for (int i = 0; i < 60; i++) {
      send(A, LONG, "long " + i);
    }
    send(B, 100, "short");
    work();
    assertThat(order).hasSize(61).startsWith("short");
  }

  @Test
  void itWaitsForWhatHasBegunAndNoMore() {
    workers.run(A, LONG, this::arriveWhileOthersWait).subscribe();
    for (int i = 0; i < 60; i++) {
      send(A, LONG, "long " + i);
    }
    work();
    assertThat(order).hasSize(62).startsWith("begun", "short");
  }

  private boolean arriveWhileOthersWait() {
    order.add("begun");
    send(B, 100, "short");
    return true;
  }

  @Test
  void aLongPromptIsNotPutOffForEver() {
    send(A, 1000, "long");
    for (int i = 0; i < 100; i++) {
      send(B, 100, "short");
    }
    work();
    assertThat(order.indexOf("long")).isLessThanOrEqualTo(10);
  }

  /** Bytes done for callers that always have something waiting differ by two pieces at most. */
  @Property(tries = 200)
  void callersGetEqualSharesOfBytes(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 100_000) Integer> first,
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 100_000) Integer> second) {
    Map<Caller, List<Integer>> all = Map.of(A, first, B, second);
    Map<Caller, long[]> done = Map.of(A, new long[2], B, new long[2]);
    int largest = all.values().stream().flatMap(List::stream).mapToInt(i -> i).max().orElseThrow();
    threads.clear();
    all.forEach(
        (caller, sizes) ->
            sizes.forEach(
                bytes ->
                    workers
                        .run(caller, bytes, () -> checkShares(all, done, caller, bytes, largest))
                        .subscribe()));
    work();
    assertThat(done.get(A)[1] + done.get(B)[1]).isEqualTo(first.size() + second.size());
  }

  private static boolean checkShares(
      Map<Caller, List<Integer>> all,
      Map<Caller, long[]> done,
      Caller caller,
      int bytes,
      int largest) {
    boolean allWait = all.keySet().stream().allMatch(c -> done.get(c)[1] < all.get(c).size());
    long difference = Math.abs(done.get(A)[0] - done.get(B)[0]);
    assertThat(!allWait || difference <= 2L * (largest + 1)).isTrue();
    done.get(caller)[0] += bytes;
    done.get(caller)[1]++;
    return true;
  }

  @Test
  void aRequestWhoseClientHasLeftIsNotWorkedOn() {
    List<Disposable> flood = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      flood.add(send(A, LONG, "long"));
    }
    flood.forEach(Disposable::dispose);
    assertThat(workers.waiting()).isZero();
    work();
    assertThat(order).isEmpty();
  }

  /** Without it, requests that wait fill the heap. */
  @Test
  void oneCallerFillsHalfOfTheQueueAndAllTogetherTheWhole() {
    FairWorkers ten = workers(threads::add, 1, 10);
    assertThat(accepted(ten, A, 20)).isEqualTo(5);
    assertThat(accepted(ten, B, 3)).isEqualTo(3);
    assertThat(accepted(ten, new Named("c"), 5)).isEqualTo(2);
    work();
    assertThat(accepted(ten, A, 20)).as("what is done leaves room").isEqualTo(5);
  }

  private static int accepted(FairWorkers to, Caller caller, int count) {
    List<Throwable> refused = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      to.run(caller, 10, () -> "done").subscribe(value -> {}, refused::add);
    }
    assertThat(refused).allMatch(end -> kind(end).equals("Busy"));
    return count - refused.size();
  }

  @Test
  @Timeout(60)
  void longPromptsLeaveOneThreadToTheOthers() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (ExecutorService two = Executors.newFixedThreadPool(2)) {
      FairWorkers pair = workers(two, 2, 10);
      for (Caller caller : List.of(A, B, new Named("c"))) {
        pair.run(caller, LONG, () -> await(end)).subscribe();
      }
      assertThat(pair.run(new Named("d"), 100, () -> "done").block()).isEqualTo("done");
      end.countDown();
      assertThat(pair.run(A, LONG, () -> "long").block())
          .as("threads look again")
          .isEqualTo("long");
    }
  }

  private static boolean await(CountDownLatch latch) throws InterruptedException {
    latch.await();
    return true;
  }

  @Test
  void whateverIsThrownEndsItsRequestAndNoOther() {
    List<Callable<String>> all =
        List.of(
            () -> recurse(0),
            () -> {
              throw new OutOfMemoryError("test");
            },
            () -> {
              throw new NoClassDefFoundError("test");
            },
            () -> {
              throw new IOException("test");
            },
            () -> {
              throw new IllegalStateException("test");
            },
            () -> "good");
    List<String> ends = new ArrayList<>();
    for (Callable<String> work : all) {
      workers.run(A, 10, work).subscribe(ends::add, failure -> ends.add(kind(failure)));
    }
    work();
    assertThat(ends)
        .containsExactly(
            "Internal", "Exhausted", "Internal", "IOException", "IllegalStateException", "good");
    assertThat(
            registry.get("slipstream.vm.errors").counters().stream()
                .map(counter -> counter.getId().getTag("error"))
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(
            "StackOverflowError", "OutOfMemoryError", "NoClassDefFoundError");
  }

  private static String recurse(int depth) {
    return recurse(depth + 1) + depth;
  }

  private static String kind(Throwable failure) {
    return failure instanceof ApiException e
        ? e.error().getClass().getSimpleName()
        : failure.getClass().getSimpleName();
  }

  @Test
  void whatFollowsOnTheThreadMayFailTooAndTheNextIsServed() {
    workers
        .run(A, 10, () -> "first")
        .subscribe(
            value -> {
              throw new StackOverflowError("test");
            });
    send(B, 10, "second");
    work();
    assertThat(order).containsExactly("second");
  }

  @Test
  void thoseWhoWaitAreToldWhenTheGatewayStops() {
    List<Throwable> ends = new ArrayList<>();
    workers.run(A, 10, () -> "never").subscribe(value -> {}, ends::add);
    workers.close();
    workers.run(A, 10, () -> "late").subscribe(value -> {}, ends::add);
    work();
    FairWorkers stopped =
        workers(
            task -> {
              throw new RejectedExecutionException();
            },
            1,
            10);
    stopped.run(A, 10, () -> "never").subscribe(value -> {}, ends::add);
    assertThat(ends).hasSize(3).allMatch(end -> kind(end).equals("Unavailable"));
    assertThat(stopped.waiting()).isZero();
  }
}
