package dev.slipstream.system;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that ask one short question after another, until it is closed. Whoever is told to come
 * back later does; any other failure, and any answer that is not as before, is a fault.
 */
final class Load implements AutoCloseable {
  private static final int TOKENS = 8;
  private static final int QUESTIONS = 16;

  /** Faults beyond these are no news. */
  private static final int KEPT_FAULTS = 20;

  private final Gateway gateway;
  private final Map<String, String> expected;
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<?>> running = new ArrayList<>();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger putOff = new AtomicInteger();
  private final List<String> faults = new ArrayList<>();
  private volatile boolean over;

  private Load(Gateway gateway, Map<String, String> expected) {
    this.gateway = gateway;
    this.expected = expected;
  }

  /** Asks every question once, for the right answer, and then has so many clients ask them. */
  static Load start(Gateway gateway, int clients) throws IOException, InterruptedException {
    Map<String, String> expected = new LinkedHashMap<>();
    for (int i = 0; i < QUESTIONS; i++) {
      String question = i + " plus " + (i + 1) + " is what?";
      expected.put(question, Gateway.text(gateway.chat(question, TOKENS)));
    }
    Load load = new Load(gateway, expected);
    for (int i = 0; i < clients; i++) {
      int first = i;
      load.running.add(load.clients.submit(() -> load.ask(first)));
    }
    return load;
  }

  private Void ask(int first) throws InterruptedException {
    List<String> questions = List.copyOf(expected.keySet());
    for (int i = first; !over; i++) {
      String question = questions.get(i % QUESTIONS);
      try {
        HttpResponse<String> response = gateway.chat(question, TOKENS);
        Optional<String> later = response.headers().firstValue("Retry-After");
        if (response.statusCode() == 429 && later.isPresent()) {
          putOff.incrementAndGet();
          Thread.sleep(Duration.ofSeconds(Long.parseLong(later.get())));
        } else {
          check(question, response);
        }
      } catch (IOException e) {
        fault(question + " " + e);
      }
    }
    return null;
  }

  private void check(String question, HttpResponse<String> response) {
    if (response.statusCode() != 200) {
      fault(question + " " + response.statusCode() + " " + response.body());
    } else if (!Gateway.text(response).equals(expected.get(question))) {
      fault(question + " " + Gateway.text(response) + " instead of " + expected.get(question));
    }
    answered.incrementAndGet();
  }

  private synchronized void fault(String what) {
    if (faults.size() < KEPT_FAULTS) {
      faults.add(what);
    }
  }

  /** Answers so far. */
  int answered() {
    return answered.get();
  }

  /** Requests that were refused with 429 and a time to come back, so far. */
  int putOff() {
    return putOff.get();
  }

  /** What no client may see, the first few. */
  synchronized List<String> faults() {
    return List.copyOf(faults);
  }

  /** Lets the clients have their last answers. */
  @Override
  public void close() throws Exception {
    over = true;
    for (Future<?> client : running) {
      client.get();
    }
    clients.close();
  }
}
