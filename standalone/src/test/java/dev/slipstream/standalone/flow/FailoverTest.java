package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.standalone.flow.Flow.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Whoever breaks this lets users see that one of several targets was lost. */
@Tag("suite")
@DisabledOnOs(OS.WINDOWS)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FailoverTest {
  private static final int TOKENS = 48;
  private static final int CHATS = 200;

  /** A text that drafts go on with. */
  private static final String TEXT =
      "one two three four one two three four one two three four one two";

  private Replicas replicas;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    replicas = new Replicas(home);
  }

  @BeforeEach
  void awaitBoth() {
    replicas.awaitUp();
  }

  @AfterAll
  void stop() {
    if (replicas != null) {
      replicas.close();
    }
  }

  private static GenerateRequest request(String text, boolean sampled, boolean speculation) {
    SamplingParams.Builder sampling =
        sampled
            ? SamplingParams.newBuilder()
                .setTemperature(0.9f)
                .setSeed(7)
                .setRepetitionPenalty(1.1f)
                .setPresencePenalty(0.3f)
            : SamplingParams.newBuilder().setTemperature(0);
    return Flow.text(text, TOKENS)
        .setSampling(sampling)
        .setIgnoreEos(true)
        .setSpeculation(Flow.speculation(speculation))
        .build();
  }

  /** Greedy and sampled, with and without drafts; one text, so that one target has them all. */
  private static List<GenerateRequest> allKinds(String text) {
    return Stream.of(true, false)
        .flatMap(sampled -> Stream.of(true, false).map(s -> request(text, sampled, s)))
        .toList();
  }

  /**
   * Asks for several answers at once.
   *
   * @param disturbance happens once all of them have begun and none is half through
   */
  private List<Answer> ask(List<GenerateRequest> requests, Runnable disturbance) throws Exception {
    CountDownLatch begun = new CountDownLatch(requests.size());
    CountDownLatch disturbed = new CountDownLatch(1);
    try (ExecutorService clients = Executors.newCachedThreadPool()) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (GenerateRequest request : requests) {
        answers.add(clients.submit(() -> askSlowly(request, begun, disturbed)));
      }
      begun.await();
      try {
        disturbance.run();
      } finally {
        disturbed.countDown();
      }
      List<Answer> all = new ArrayList<>();
      for (Future<Answer> answer : answers) {
        all.add(answer.get());
      }
      return all;
    }
  }

  private Answer askSlowly(
      GenerateRequest request, CountDownLatch begun, CountDownLatch disturbed) {
    AtomicBoolean first = new AtomicBoolean(true);
    try {
      return Flow.ask(
          replicas.channel(),
          request,
          tokens -> {
            if (first.getAndSet(false)) {
              begun.countDown();
              awaitUninterrupted(disturbed);
            }
          });
    } finally {
      if (first.get()) {
        begun.countDown();
      }
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static List<List<Integer>> ids(List<Answer> answers) {
    return answers.stream().map(Answer::ids).toList();
  }

  /** All that the target had; that is all of them, unless a very busy machine looked silent. */
  private static void assertResumed(List<Answer> answers, Replicas.Busiest lost) {
    assertThat(answers.stream().filter(answer -> answer.resumes() > 0).count())
        .isPositive()
        .isGreaterThanOrEqualTo(lost.streams());
    assertThat(answers).allMatch(answer -> answer.ids().size() == TOKENS);
  }

  @Test
  void answersOfATargetThatIsKilledAreCompletedUnchangedByTheOther() throws Exception {
    List<GenerateRequest> requests = allKinds(TEXT);
    List<Answer> undisturbed = ask(requests, () -> {});
    List<Replicas.Busiest> killed = new ArrayList<>();
    List<Answer> disturbed =
        ask(
            requests,
            () -> {
              killed.add(replicas.busiest());
              killed.getFirst().process().kill();
            });
    killed.getFirst().process().start();

    assertThat(ids(disturbed)).isEqualTo(ids(undisturbed));
    assertResumed(disturbed, killed.getFirst());
    assertThat(undisturbed.getFirst().ids()).isNotEqualTo(undisturbed.getLast().ids());
    for (int i = 0; i < requests.size(); i++) {
      var usage = disturbed.get(i).usage();
      assertThat(usage.getPromptTokens()).isEqualTo(undisturbed.get(i).usage().getPromptTokens());
      assertThat(usage.getCompletionTokens()).isEqualTo(TOKENS);
    }
  }

  @Test
  void answersOfATargetThatIsPausedGoOnWithoutIt() throws Exception {
    List<GenerateRequest> requests = allKinds("Two ships were in the harbour. " + TEXT);
    List<Answer> undisturbed = ask(requests, () -> {});
    List<Replicas.Busiest> paused = new ArrayList<>();
    try {
      List<Answer> disturbed =
          ask(
              requests,
              () -> {
                paused.add(replicas.busiest());
                paused.getFirst().process().pause();
              });
      assertThat(ids(disturbed)).isEqualTo(ids(undisturbed));
      assertResumed(disturbed, paused.getFirst());
    } finally {
      paused.forEach(target -> target.process().unpause());
    }
  }

  @Test
  void restartingOneTargetAfterTheOtherFailsNoRequest() throws Exception {
    GenerateRequest request = request("Once upon a time there was a", false, true);
    List<Integer> expected = Flow.ask(replicas.channel(), request).ids();
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    Callable<Void> client =
        () -> {
          while (!done.get()) {
            assertThat(Flow.ask(replicas.channel(), request).ids()).isEqualTo(expected);
            answered.incrementAndGet();
          }
          return null;
        };
    try (ExecutorService clients = Executors.newCachedThreadPool()) {
      List<Future<Void>> running = List.of(clients.submit(client), clients.submit(client));
      try {
        for (TargetProcess target : replicas.processes()) {
          int before = answered.get();
          target.terminate();
          await().atMost(Flow.PATIENCE).until(() -> answered.get() > before + 1);
          target.start();
          replicas.awaitUp();
        }
      } finally {
        done.set(true);
      }
      for (Future<Void> each : running) {
        each.get();
      }
    }
    assertThat(answered.get()).isPositive();
  }

  @Test
  void shortQuestionsSpreadOverBothTargetsAndChatsStayWhereTheirPastIs() throws Exception {
    List<Long> before = opened();
    // One after another: of several at once a target that has just started, and is slow, gets
    // fewer.
    for (int i = 0; i < CHATS; i++) {
      assertThat(Flow.ask(replicas.channel(), Flow.text(i + "+1=", 1).build()).ids()).hasSize(1);
    }
    for (int i = 0; i < 2; i++) {
      assertThat(opened().get(i) - before.get(i)).isBetween(CHATS * 4 / 10L, CHATS * 6 / 10L);
    }
    for (int chat = 0; chat < 4; chat++) {
      String past = "This is chat number " + chat + ". " + TEXT;
      Flow.ask(replicas.channel(), Flow.text(past, 1).build());
      Answer next = Flow.ask(replicas.channel(), Flow.text(past + " three and so on", 1).build());
      assertThat(next.usage().getCachedTokens()).isPositive();
    }
  }

  private List<Long> opened() {
    return replicas.endpoints().stream().map(e -> e.opened()).toList();
  }
}
