package dev.slipstream.gateway.http;

import static dev.slipstream.gateway.fake.RawClient.exchange;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.RawClient;
import io.grpc.Status;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Old clients know no chunks: they would take the sizes between them for a part of the answer. */
@Tag("suite")
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Http10Test {
  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(target.address(), "", "--slipstream.gateway.keep-alive=100ms").awaitModels(1);
  }

  @BeforeEach
  void answer() {
    target.says("yes");
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private static String post(String headers, String body) {
    return RawClient.post("/v1/completions", headers, body.length(), body)
        .replace("HTTP/1.1", "HTTP/1.0");
  }

  private static String prompt(boolean stream) {
    return "{\"model\": \"test-model\", \"prompt\": \"hi\", \"stream\": %s}".formatted(stream);
  }

  /** The body; checks that nothing but the connection's end tells its end, if no length does. */
  private static String body(String answer, int status) {
    assertThat(answer).startsWith("HTTP/1.0 " + status);
    String head = answer.substring(0, answer.indexOf("\r\n\r\n") + 2);
    assertThat(head)
        .doesNotContainIgnoringCase("transfer-encoding")
        .containsOnlyOnce("\r\nconnection: close\r\n");
    return answer.substring(head.length() + 2);
  }

  @Test
  void aStreamHasNoChunksAndEndsWithItsConnection() {
    String body = body(exchange(gateway, post("", prompt(true))), 200);
    assertThat(Gateway.events(body)).hasSize(3).last().isEqualTo("[DONE]");
  }

  @Test
  void soItIsWhereTheClientWantsToKeepTheConnection() {
    String body = body(exchange(gateway, post("Connection: keep-alive\r\n", prompt(true))), 200);
    assertThat(Gateway.events(body)).last().isEqualTo("[DONE]");
  }

  @Test
  void commentsThatKeepAStreamOpenAreBareToo() {
    target.script(FakeDecode::started);
    try (RawClient client = RawClient.connect(gateway)) {
      client.send(post("", prompt(true)));
      assertThat(client.until(": keep-alive\n\n")).endsWith("\r\n\r\n: keep-alive\n\n");
      target.next().commit("yes").finishByEnd();
      assertThat(Gateway.events(client.rest())).last().isEqualTo("[DONE]");
    }
  }

  @Test
  void aFailureInTheMidstOfAStreamIsAnEventAndTheEnd() {
    target.script(
        decode ->
            decode.started().commit("y").fail(Status.INTERNAL.withDescription("out of luck")));
    String body = body(exchange(gateway, post("", prompt(true))), 200);
    assertThat(Gateway.events(body)).last().asString().contains("out of luck");
  }

  @Test
  void wholeAnswersAndErrorsEndWithTheirConnectionToo() {
    assertThat(body(exchange(gateway, post("", prompt(false))), 200)).contains("\"text\":\"yes\"");
    assertThat(body(exchange(gateway, post("Connection: keep-alive\r\n", prompt(false))), 200))
        .contains("\"text\":\"yes\"");
    assertThat(body(exchange(gateway, post("", "{")), 400)).contains("not valid JSON");
    assertThat(body(exchange(gateway, "GET /nothing HTTP/1.0\r\n\r\n"), 404))
        .contains("unknown_url");
    assertThat(body(exchange(gateway, "HEAD /v1/models HTTP/1.0\r\n\r\n"), 200)).isEmpty();
    assertThat(body(exchange(gateway, "GET /metrics HTTP/1.0\r\nHost: a\r\n\r\n"), 200))
        .contains("slipstream_");
  }

  @Test
  void newerClientsGetChunksAndKeepTheirConnection() {
    String request = post("", prompt(true)).replace("HTTP/1.0", "HTTP/1.1");
    try (RawClient client = RawClient.connect(gateway)) {
      for (int i = 0; i < 2; i++) {
        assertThat(client.send(request).until("[DONE]\n\n\r\n0\r\n\r\n"))
            .startsWith("HTTP/1.1 200")
            .containsIgnoringCase("\r\ntransfer-encoding: chunked\r\n");
      }
    }
  }
}
