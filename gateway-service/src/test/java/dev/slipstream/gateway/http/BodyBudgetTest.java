package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.gateway.fake.RawClient;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What one user's bodies may do to others, to probes and to the gateway's memory. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BodyBudgetTest {
  private static final String PATH = "/v1/completions";
  private static final int LARGE = 240 << 10;
  private static final String FIRST = "{\"model\": \"test-model\", \"prompt\": \"";
  private static final String SMALL = FIRST + "hi\"}";

  private final FakeTarget target = FakeTarget.start().context(1 << 20);
  private final List<RawClient> clients = new ArrayList<>();
  private Gateway gateway;
  private ByteBudget budget;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.max-body-size=256KB",
                "--slipstream.gateway.limits.request-bytes=1MB",
                "--slipstream.gateway.body-pause=1h",
                "--slipstream.gateway.request-timeout=1h",
                "--slipstream.gateway.workers=1",
                "--slipstream.gateway.api-keys="
                    + Stream.of("a", "b", "c", "d", "e", "f")
                        .map(key -> key + " " + KeyHash.of(key))
                        .collect(Collectors.joining(",")))
            .awaitModels(1);
    budget = gateway.context().getBean(ByteBudget.class);
  }

  @BeforeEach
  void answer() {
    target.says("yes");
  }

  @AfterEach
  void leave() {
    clients.forEach(RawClient::close);
    clients.clear();
    await().until(() -> budget.held() == 0);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private static String post(String key, int length, String body) {
    return RawClient.post(PATH, "Authorization: Bearer " + key + "\r\n", length, body);
  }

  private RawClient send(String request) {
    RawClient client = RawClient.connect(gateway).send(request);
    clients.add(client);
    return client;
  }

  private String small(String key) {
    return send(post(key, SMALL.length(), SMALL)).response();
  }

  /** Of this many bytes, all but the end of which are sent at once. */
  private RawClient unfinished(String key, int length) {
    return send(post(key, length, FIRST + "a".repeat(length / 2)));
  }

  private void unfinishedUntilRefused(String key) {
    long before = budget.refused();
    long held = budget.held();
    for (int i = 1; budget.refused() == before; i++) {
      long expected = held + (long) i * LARGE;
      unfinished(key, LARGE);
      await().until(() -> budget.held() == expected || budget.refused() > before);
    }
  }

  @Test
  void unfinishedBodiesOfOneKeyAreRefusedAndOthersAndProbesAreServed() {
    unfinishedUntilRefused("a");
    RawClient refused = unfinished("a", LARGE);
    assertThat(refused.response())
        .startsWith("HTTP/1.1 429")
        .containsIgnoringCase("\r\nretry-after: 1\r\n")
        .contains("rate_limit_exceeded", "this key hold");
    assertThat(small("b")).startsWith("HTTP/1.1 200");
    assertThat(small("a")).startsWith("HTTP/1.1 200");
    for (String path : List.of("/health", "/actuator/health/liveness", "/actuator/health")) {
      assertThat(gateway.get(path).status()).isEqualTo(200);
    }
  }

  @Test
  void whenAllIsTakenNewcomersAreToldSoAndSmallRequestsStillFindRoom() {
    Stream.of("a", "b", "c").forEach(key -> unfinished(key, 200_000));
    await().until(() -> budget.held() == 600_000);
    String answer = unfinished("d", LARGE).response();
    assertThat(answer)
        .startsWith("HTTP/1.1 503")
        .containsIgnoringCase("\r\nretry-after: 1\r\n")
        .contains("server_error", "overloaded");
    assertThat(small("d")).startsWith("HTTP/1.1 200");
    assertThat(gateway.get("/health").status()).isEqualTo(200);
  }

  @Test
  void chunksAreCountedAsTheyCome() {
    String head = post("a", 0, "").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    String chunk = "ffff\r\n" + "a".repeat(0xffff) + "\r\n";
    RawClient client = send(head);
    assertThat(budget.held()).isZero();
    client.send(chunk);
    await().until(() -> budget.held() >= 0xffff);
    client.send(chunk + chunk);
    await().until(() -> budget.held() >= 3 * 0xffff);
    assertThat(budget.held()).isLessThanOrEqualTo(256 << 10);
    client.send(chunk + chunk);
    assertThat(client.response()).startsWith("HTTP/1.1 413");
  }

  @Test
  void whoLeavesGivesBackWhatWasHeld() {
    unfinishedUntilRefused("a");
    clients.forEach(RawClient::reset);
    await().until(() -> budget.held() == 0);
    assertThat(small("a")).startsWith("HTTP/1.1 200");
  }

  /** A prompt that waits for a worker is in memory all the same. */
  @Test
  void whatWaitsToBePreparedIsHeld() {
    CountDownLatch end = new CountDownLatch(1);
    gateway.context().getBean("promptThreads", ExecutorService.class).execute(() -> until(end));
    try {
      String body = FIRST + "a".repeat(LARGE - 1000) + "\"}";
      List<RawClient> waiting = new ArrayList<>();
      for (int i = 1; i <= 2; i++) {
        waiting.add(send(post("a", body.length(), body)));
        long expected = (long) i * body.length();
        await().until(() -> budget.held() == expected);
      }
      assertThat(send(post("a", body.length(), body)).response()).startsWith("HTTP/1.1 429");
      end.countDown();
      waiting.forEach(client -> assertThat(client.response()).startsWith("HTTP/1.1 200"));
    } finally {
      end.countDown();
    }
  }

  /** The prompt stays in memory until its answer ends. */
  @Test
  void whatIsBeingAnsweredIsHeld() {
    target.script(FakeDecode::started);
    String body = FIRST + "a".repeat(100_000) + "\"}";
    RawClient client = send(post("a", body.length(), body));
    FakeDecode decode = target.next();
    assertThat(budget.held()).isEqualTo(body.length());
    decode.commit("yes").finishByEnd();
    assertThat(client.response()).startsWith("HTTP/1.1 200");
    await().until(() -> budget.held() == 0);
  }

  /** Many tokens take more than their text, and a client need not be in a hurry to read them. */
  @Test
  void whatIsAnsweredIsHeldTooWhereItIsLarger() {
    String body = "{\"content\": \"%s\"}".formatted("a".repeat(100_000));
    String request = post("a", body.length(), body).replace(PATH, "/tokenize");
    assertThat(send(request).response()).startsWith("HTTP/1.1 503").contains("overloaded");
    String shorter = body.replace("a".repeat(50_000), "");
    assertThat(send(post("a", shorter.length(), shorter).replace(PATH, "/tokenize")).response())
        .startsWith("HTTP/1.1 200");
  }

  /** Whoever sends all of it before looking at the answer comes to see it, and may go on. */
  @Test
  void aRefusalLeavesTheConnectionInOrder() {
    unfinishedUntilRefused("a");
    String body = FIRST + "a".repeat(LARGE - 1000) + "\"}";
    RawClient client = send(post("a", body.length(), body));
    assertThat(client.response()).startsWith("HTTP/1.1 429");
    assertThat(client.send(post("a", SMALL.length(), SMALL)).response()).startsWith("HTTP/1.1 200");
  }

  @Test
  void theRestOfARefusedBodyIsNotReadWithoutEnd() {
    RawClient client = send(post("a", Integer.MAX_VALUE, ""));
    assertThat(client.response()).startsWith("HTTP/1.1 413");
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 10_000; i++) {
                client.send("a".repeat(64 << 10));
              }
            })
        .isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void refusalsAreOneLineEach() {
    unfinishedUntilRefused("a");
    try (LogRecord log = new LogRecord()) {
      unfinished("a", LARGE).response();
      assertThat(log.alarms()).isEmpty();
      assertThat(log.lines()).hasSize(1);
    }
  }

  private static void until(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
