package dev.slipstream.system;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that ask one question after another, until it is closed. Any failure, and any answer that
 * is not as before, is a fault.
 */
public final class Load implements AutoCloseable {
  private static final int SHORT = 8;
  private static final int STORY = 48;

  /** Faults beyond these are no news. */
  private static final int KEPT_FAULTS = 20;

  private final Map<String, String> expected;
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger putOff = new AtomicInteger();
  private final List<String> faults = new ArrayList<>();
  private volatile boolean over;

  private Load(Map<String, String> expected) {
    this.expected = expected;
  }

  /** One attempt at a question. */
  private interface Client {
    /** The answer, or nothing where the client shall come back later, and it is later. */
    Optional<String> ask(String question) throws IOException, InterruptedException;
  }

  /**
   * Asks every short question once, for the right answer, and then has so many clients ask them.
   * Whoever is told to come back later does.
   */
  static Load start(Gateway gateway, int clients) throws IOException, InterruptedException {
    Map<String, String> expected = new LinkedHashMap<>();
    for (int i = 0; i < 16; i++) {
      String question = i + " plus " + (i + 1) + " is what?";
      expected.put(question, Gateway.text(gateway.chat(question, SHORT)));
    }
    Load load = new Load(expected);
    load.run(clients, question -> load.patiently(gateway.chat(question, SHORT)));
    return load;
  }

  private Optional<String> patiently(HttpResponse<String> response) throws InterruptedException {
    Optional<String> later = response.headers().firstValue("Retry-After");
    if (response.statusCode() == 429 && later.isPresent()) {
      putOff.incrementAndGet();
      Thread.sleep(Duration.ofSeconds(Long.parseLong(later.get())));
      return Optional.empty();
    }
    return Optional.of(Gateway.text(response));
  }

  /** Longer questions with their answers, one after the other. */
  public static Map<String, String> stories(Gateway gateway)
      throws IOException, InterruptedException {
    Map<String, String> answers = new LinkedHashMap<>();
    for (String animal : List.of("fox", "frog", "whale", "sparrow", "spider", "horse", "wolf")) {
      String question = "Tell me a story about a " + animal + " that went to the city.";
      answers.put(question, gateway.answer(question, STORY).text());
    }
    return answers;
  }

  /**
   * Has so many clients ask for streamed answers, without a pause and without a second attempt.
   *
   * @param expected of {@link #stories}
   */
  public static Load streaming(Gateway gateway, Map<String, String> expected, int clients) {
    Load load = new Load(expected);
    load.run(clients, question -> Optional.of(gateway.answer(question, STORY).text()));
    load.awaitMore(1);
    return load;
  }

  private void run(int number, Client client) {
    List<String> questions = List.copyOf(expected.keySet());
    for (int i = 0; i < number; i++) {
      clients.execute(
          () -> {
            while (!over) {
              ask(questions.get(asked.getAndIncrement() % questions.size()), client);
            }
          });
    }
  }

  private void ask(String question, Client client) {
    LocalTime began = LocalTime.now();
    try {
      Optional<String> answer = client.ask(question);
      if (answer.isPresent()) {
        if (!answer.get().equals(expected.get(question))) {
          fault(began, question + " " + answer.get() + " instead of " + expected.get(question));
        }
        answered.incrementAndGet();
      }
    } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
      fault(began, question + " " + e);
    }
  }

  private synchronized void fault(LocalTime began, String what) {
    if (faults.size() < KEPT_FAULTS) {
      faults.add(began + " to " + LocalTime.now() + " " + what);
    }
  }

  /** Waits until there are so many answers more, or a fault. */
  public void awaitMore(int answers) {
    int enough = answered() + answers;
    await().atMost(Stack.PATIENCE).until(() -> answered() >= enough || !faults().isEmpty());
  }

  /** Answers so far. */
  public int answered() {
    return answered.get();
  }

  /** Requests that were refused with 429 and a time to come back, so far. */
  int putOff() {
    return putOff.get();
  }

  /** What no client may see, the first few, with their times. */
  public synchronized List<String> faults() {
    return List.copyOf(faults);
  }

  /** Lets the clients have their last answers. */
  @Override
  public void close() {
    over = true;
    clients.close();
  }
}
