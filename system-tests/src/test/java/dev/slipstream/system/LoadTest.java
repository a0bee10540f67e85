package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What users would lose: answers, when many of them come at once; and what operators would: a
 * service that can be left alone, when its memory grows with every request.
 *
 * <p>{@code slipstream.load.duration} is how long the load lasts, in ISO 8601.
 */
@ExtendWith(SharedStack.class)
class LoadTest {
  private static final int CLIENTS = 100;

  /** Part of the time after which heaps, pools and caches have their size. */
  private static final int WARM_UP_PART = 4;

  /**
   * What a container may gain afterwards, of what it used and beyond that. A thousand requests that
   * leave a prompt's text and token ids behind would not show, but their KV or streams would.
   */
  private static final double GROWTH = 1.15;

  private static final double GROWTH_MEBIBYTES = 32;

  private final Stack stack;

  LoadTest(Stack stack) {
    this.stack = stack;
  }

  @Test
  void aHundredClientsAtOnceSeeNoErrorAndMemoryStaysFlat() throws Exception {
    Duration duration = Duration.parse(System.getProperty("slipstream.load.duration"));
    Map<Service, Double> before = memory();
    Map<Service, Double> warm;
    Map<Service, Double> after;
    Load load = Load.start(stack.gateway(), CLIENTS);
    try (load) {
      Instant start = Instant.now();
      awaitPassed(start, duration.dividedBy(WARM_UP_PART));
      warm = memory();
      awaitPassed(start, duration);
      after = memory();
    }
    System.out.printf(
        "Load: %d clients, %s: %d answers, %d times 429, %d faults%n",
        CLIENTS, duration, load.answered(), load.putOff(), load.faults().size());
    after.forEach(
        (service, mebibytes) ->
            System.out.printf(
                Locale.ROOT,
                "Load: %s used %.0f MiB before, %.0f warm, %.0f at the end%n",
                service.name(),
                before.get(service),
                warm.get(service),
                mebibytes));

    assertThat(load.faults()).isEmpty();
    assertThat(load.answered()).isGreaterThan(CLIENTS);
    assertThat(after)
        .allSatisfy(
            (service, mebibytes) ->
                assertThat(mebibytes)
                    .as(service.name())
                    .isLessThan(GROWTH * warm.get(service) + GROWTH_MEBIBYTES));
    assertThat(stack.containers()).as("nobody ended").allMatch(Service::isRunning);
  }

  private Map<Service, Double> memory() throws Exception {
    Map<Service, Double> memory = new LinkedHashMap<>();
    for (Service service : stack.containers()) {
      service.collectGarbage();
      memory.put(service, service.mebibytes());
    }
    return memory;
  }

  /** The load's own duration. */
  private static void awaitPassed(Instant start, Duration time) {
    await().atMost(time.plus(Stack.PATIENCE)).until(() -> Instant.now().isAfter(start.plus(time)));
  }
}
