package dev.slipstream.standalone.bench;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Loads a server with a fixed number of requests at a time, with and without speculation in
 * alternating rounds. Each request starts with a line of its own, so that no cached prefix shortens
 * its time to first token.
 */
public final class ServeBench {
  private static final int FIRST_NONCE = 100_000;

  private final StreamingClient client;
  private final ServeSettings settings;
  private final Consumer<String> progress;
  private final long run = System.currentTimeMillis() % 900_000;
  private final AtomicInteger sent = new AtomicInteger();

  private ServeBench(StreamingClient client, ServeSettings settings, Consumer<String> progress) {
    this.client = client;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Runs all rounds.
   *
   * @param address of the server, without {@code /v1}
   * @param key for the server, if it asks for one
   * @param progress hears what is being done
   * @throws IOException if there is no such server
   */
  public static ServeReport run(
      URI address, Optional<String> key, ServeSettings settings, Consumer<String> progress)
      throws IOException, InterruptedException {
    try (StreamingClient client = new StreamingClient(address, key)) {
      var bench = new ServeBench(client, settings, progress);
      if (settings.warmUp()) {
        bench.warmUp();
      }
      List<ServeReport.Load> loads = new ArrayList<>();
      for (int concurrency : settings.concurrency()) {
        loads.add(bench.load(concurrency));
      }
      return new ServeReport(client.model(), settings, loads);
    }
  }

  private void warmUp() throws InterruptedException {
    progress.accept("Warming up ...");
    AtomicInteger next = new AtomicInteger();
    WarmUp.settle(
        () -> {
          double slowest = 0;
          for (ServeSettings.Mode mode : settings.modes()) {
            if (ask(next.getAndIncrement(), mode) instanceof RequestOutcome.Served served) {
              slowest = Math.max(slowest, served.totalSeconds() / served.outputTokens());
            }
          }
          return slowest;
        });
  }

  private ServeReport.Load load(int concurrency) throws InterruptedException {
    Map<ServeSettings.Mode, List<ServeReport.Round>> rounds =
        new EnumMap<>(ServeSettings.Mode.class);
    for (int i = 0; i < settings.rounds(); i++) {
      // Every other round the other way round, so that a drift favours neither.
      List<ServeSettings.Mode> order = i % 2 == 0 ? settings.modes() : settings.modes().reversed();
      for (ServeSettings.Mode mode : order) {
        progress.accept(
            "Concurrency %d, round %d of %d, speculation %s ..."
                .formatted(concurrency, i + 1, settings.rounds(), mode));
        rounds
            .computeIfAbsent(mode, m -> new ArrayList<>())
            .add(round(concurrency, i * settings.requests(), mode));
      }
    }
    return new ServeReport.Load(concurrency, rounds);
  }

  /** Both modes of a round ask the same questions. */
  private ServeReport.Round round(int concurrency, int first, ServeSettings.Mode mode)
      throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    List<RequestOutcome> outcomes = new ArrayList<>();
    long start = System.nanoTime();
    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<RequestOutcome>>> working = new ArrayList<>();
      for (int user = 0; user < concurrency; user++) {
        working.add(
            users.submit(
                () -> {
                  List<RequestOutcome> own = new ArrayList<>();
                  for (int i; (i = next.getAndIncrement()) < settings.requests(); ) {
                    own.add(ask(first + i, mode));
                  }
                  return own;
                }));
      }
      for (Future<List<RequestOutcome>> user : working) {
        outcomes.addAll(user.get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a request could not be made", e.getCause());
    }
    return new ServeReport.Round((System.nanoTime() - start) / 1e9, outcomes);
  }

  private RequestOutcome ask(int question, ServeSettings.Mode mode) throws InterruptedException {
    List<String> prompts = settings.prompts().prompts();
    // Equally many tokens in all of them, as long as the digits are.
    long nonce = FIRST_NONCE + (run + sent.getAndIncrement()) % 900_000;
    return client.ask(
        nonce + " is the number of this conversation.",
        prompts.get(question % prompts.size()),
        settings,
        mode == ServeSettings.Mode.AUTO);
  }
}
