package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.gateway.fake.RawClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Idle connections cost their owner nothing, and must not cost others the gateway. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConnectionsTest {
  private static final int MOST = 16;
  private static final String HEALTH = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String BODY =
      "{\"model\": \"test-model\", \"prompt\": \"hi\", \"stream\": true}";

  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.limits.connections=" + MOST,
                "--slipstream.gateway.request-timeout=1h",
                "--slipstream.gateway.body-pause=1h")
            .awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  @Test
  void idleOnesMakeRoomForTheNextAndAnswersUnderWayDoNot() {
    target.script(FakeDecode::started);
    try (LogRecord log = new LogRecord();
        RawClient answered = RawClient.connect(gateway)) {
      answered.send(RawClient.post("/v1/completions", "", BODY.length(), BODY));
      FakeDecode decode = target.next();
      List<RawClient> idle = new ArrayList<>();
      for (String start :
          new String[] {
            "",
            "GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ",
            RawClient.post("/v1/completions", "", 1000, "{"),
            HEALTH
          }) {
        for (int i = 0; i < MOST; i++) {
          idle.add(RawClient.connect(gateway).send(start));
        }
        try (RawClient probe = RawClient.connect(gateway)) {
          assertThat(probe.send(HEALTH).response()).startsWith("HTTP/1.1 200").contains("ok");
        }
      }
      assertThat(idle.getFirst().rest()).as("the oldest has made room").isEmpty();
      decode.commit("yes").finishByEnd();
      assertThat(answered.until("[DONE]")).contains("yes");
      assertThat(log.alarms()).isEmpty();
      idle.forEach(RawClient::close);
    }
  }

  @Test
  void whoeverLeavesIsCountedNoMore() {
    for (int i = 0; i < 10 * MOST; i++) {
      RawClient.connect(gateway).close();
    }
    List<RawClient> open = new ArrayList<>();
    try {
      await()
          .untilAsserted(
              () -> {
                open.forEach(RawClient::close);
                open.clear();
                for (int i = 0; i < MOST / 2; i++) {
                  open.add(RawClient.connect(gateway).send(HEALTH));
                }
                open.forEach(client -> assertThat(client.response()).startsWith("HTTP/1.1 200"));
              });
    } finally {
      open.forEach(RawClient::close);
    }
  }
}
