package dev.slipstream.system.cluster;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that ask one question after another, without a pause and without a second attempt, and
 * compare each answer with that of an undisturbed run.
 */
final class Load implements AutoCloseable {
  private static final int TOKENS = 48;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Chats chats;
  private final List<Map.Entry<String, String>> expected;
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private volatile boolean stopping;

  private Load(Chats chats, Map<String, String> expected) {
    this.chats = chats;
    this.expected = List.copyOf(expected.entrySet());
  }

  /** Questions with their answers, one after the other. */
  static Map<String, String> undisturbed(Chats chats) throws IOException, InterruptedException {
    Map<String, String> answers = new LinkedHashMap<>();
    for (String animal : List.of("fox", "frog", "whale", "sparrow", "spider", "horse", "wolf")) {
      String question = "Tell me a story about a " + animal + " that went to the city.";
      answers.put(question, chats.answer(question, TOKENS, event -> {}));
    }
    return answers;
  }

  /**
   * @param expected of {@link #undisturbed}
   */
  static Load start(Chats chats, Map<String, String> expected, int clients) {
    Load load = new Load(chats, expected);
    for (int i = 0; i < clients; i++) {
      load.clients.execute(load::ask);
    }
    load.awaitMore(1);
    return load;
  }

  private void ask() {
    while (!stopping) {
      var pair = expected.get(asked.getAndIncrement() % expected.size());
      LocalTime began = LocalTime.now();
      try {
        String answer = chats.answer(pair.getKey(), TOKENS, event -> {});
        if (!answer.equals(pair.getValue())) {
          failures.add(began + " another answer: " + answer + ", not " + pair.getValue());
        }
        answered.incrementAndGet();
      } catch (IOException | RuntimeException | InterruptedException e) {
        failures.add(began + " to " + LocalTime.now() + " " + e);
      }
    }
  }

  /** Waits until so many answers more are there, or something failed. */
  void awaitMore(int answers) {
    int enough = answered.get() + answers;
    await().atMost(PATIENCE).until(() -> answered.get() >= enough || !failures.isEmpty());
  }

  /** Lets answers under way end; what failed, with its time. */
  List<String> stop() {
    stopping = true;
    clients.close();
    return new ArrayList<>(failures);
  }

  int answered() {
    return answered.get();
  }

  @Override
  public void close() {
    stop();
  }
}
