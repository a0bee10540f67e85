package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.gateway.fake.RawClient;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Clients leave whenever they like; that is nobody's error, and nothing of theirs stays. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientFaultsTest {
  private static final String PATH = "/v1/completions";
  private static final String LEFT = "code=client_closed_request";

  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway = Gateway.start(target.address(), "").awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private static String body(boolean stream) {
    return "{\"model\": \"test-model\", \"prompt\": \"hi\", \"stream\": %s}".formatted(stream);
  }

  private static String whole(boolean stream) {
    return RawClient.post(PATH, "", body(stream).length(), body(stream));
  }

  private void isOneLine(String unfinished, Consumer<RawClient> leave) {
    try (LogRecord log = new LogRecord();
        RawClient client = RawClient.connect(gateway)) {
      client.send(unfinished);
      ByteBudget budget = gateway.context().getBean(ByteBudget.class);
      await().until(() -> budget.held() > 0);
      leave.accept(client);
      await().until(() -> budget.held() == 0);
      await().until(() -> log.lines().stream().anyMatch(line -> line.contains(LEFT)));
      assertThat(log.alarms()).isEmpty();
      assertThat(log.lines()).hasSize(1);
    }
  }

  @Test
  void leavingInTheMidstOfABodyIsOneLine() {
    String unfinished = RawClient.post(PATH, "", 100_000, "{\"a\"");
    isOneLine(unfinished, RawClient::close);
    isOneLine(unfinished, RawClient::reset);
    isOneLine(unfinished.replace(PATH, "/tokenize"), RawClient::reset);
  }

  @Test
  void leavingInTheMidstOfChunksIsOneLine() {
    String unfinished =
        RawClient.post(PATH, "", 0, "5\r\n{\"a\":\r\n7\r\n1,")
            .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    isOneLine(unfinished, RawClient::close);
    isOneLine(unfinished, RawClient::reset);
  }

  @Test
  void leavingBeforeTheAnswerOrInTheMidstOfItCancelsItAndIsNoAlarm() {
    for (boolean stream : new boolean[] {false, true}) {
      for (Consumer<RawClient> leave :
          java.util.List.<Consumer<RawClient>>of(RawClient::close, RawClient::reset)) {
        try (LogRecord log = new LogRecord();
            RawClient client = RawClient.connect(gateway)) {
          target.script(FakeDecode::started);
          client.send(whole(stream));
          FakeDecode decode = target.next().commit("on the way");
          if (stream) {
            client.until("on the way");
          }
          leave.accept(client);
          decode.awaitCancel();
          await().until(() -> gateway.context().getBean(ByteBudget.class).held() == 0);
          assertThat(log.alarms()).isEmpty();
          assertThat(log.lines()).hasSizeLessThanOrEqualTo(1);
        }
      }
    }
  }

  @Test
  void leavingWithAnAnswerUnreadIsNoAlarm() {
    try (LogRecord log = new LogRecord()) {
      String text = "{\"content\": \"%s\"}".formatted("a".repeat(1_000_000));
      for (int i = 0; i < 3; i++) {
        try (RawClient client = RawClient.connect(gateway)) {
          client.send(RawClient.post("/tokenize", "", text.length(), text));
          client.until("HTTP/1.1 200");
          client.reset();
        }
      }
      await().until(() -> gateway.context().getBean(ByteBudget.class).held() == 0);
      assertThat(log.alarms()).isEmpty();
    }
  }

  @Test
  void connectingAndLeavingIsNothing() {
    try (LogRecord log = new LogRecord()) {
      for (String start : new String[] {"", "GET", "GET /health HTTP/1.1\r\nHost: a\r\n"}) {
        RawClient.connect(gateway).send(start).close();
        RawClient.connect(gateway).send(start).reset();
      }
      assertThat(gateway.get("/health").status()).isEqualTo(200);
      assertThat(log.lines()).isEmpty();
    }
  }
}
