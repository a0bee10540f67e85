package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** A few clients that send slowly, or too much, must not take the gateway from all others. */
@Tag("suite")
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestLimitsTest {
  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.request-timeout=300ms",
                "--slipstream.gateway.max-body-size=64KB",
                "--slipstream.gateway.keep-alive=100ms")
            .awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  @Test
  void aConnectionThatSaysNothingIsClosed() throws Exception {
    assertClosed("", "");
  }

  @Test
  void aHeaderThatNeverEndsIsCutOff() throws Exception {
    assertClosed("GET /v1/models HTTP/1.1\r\nHost: a\r\nX-Slow: ", "x");
  }

  @Test
  void aBodyThatNeverEndsIsCutOff() throws Exception {
    assertClosed(
        "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
        " ");
  }

  @Test
  void aSecondRequestThatNeverComesIsNotWaitedFor() throws Exception {
    assertThat(assertClosed("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", ""))
        .startsWith("HTTP/1.1 200");
  }

  /** Sends a start, then a byte now and then; returns what came until the end. */
  private String assertClosed(String start, String drip) throws IOException {
    StringBuilder answer = new StringBuilder();
    try (Socket socket = new Socket("localhost", gateway.port())) {
      socket.setSoTimeout(20);
      socket.getOutputStream().write(start.getBytes(StandardCharsets.US_ASCII));
      byte[] buffer = new byte[4096];
      while (!Thread.interrupted()) {
        try {
          int count = socket.getInputStream().read(buffer);
          if (count < 0) {
            return answer.toString();
          }
          answer.append(new String(buffer, 0, count, StandardCharsets.US_ASCII));
        } catch (SocketTimeoutException e) {
          socket.getOutputStream().write(drip.getBytes(StandardCharsets.US_ASCII));
        }
      }
      throw new AssertionError("was not closed; got " + answer);
    } catch (SocketException e) {
      return answer.toString();
    }
  }

  /** The limit is on what clients send, not on how long an answer takes. */
  @Test
  void aLongAnswerIsNotCutOff() throws Exception {
    target.script(FakeDecode::started);
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/v1/completions"))
            .header("Content-Type", "application/json")
            .expectContinue(true)
            .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"hi\", \"stream\": true}"))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (var lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        for (int comments = 0; comments < 8; comments += lines.readLine().isEmpty() ? 0 : 1) {}
        target.next().commit("yes").finishByEnd();
        assertThat(lines.lines()).contains("data: [DONE]");
      }
    }
  }

  @Test
  void aBodyBeyondTheLimitIsRefused() {
    Gateway.Answer answer =
        gateway.post("/v1/completions", "{\"prompt\": \"" + "a".repeat(65 << 10) + "\"}");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.json().at("/error/code").stringValue()).isEqualTo("request_too_large");
  }

  @Test
  void aHeaderBeyondTheLimitIsRefused() {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/v1/models"))
            .header("X-Large", "a".repeat(16 << 10))
            .build();
    assertThat(gateway.send(request).status()).isEqualTo(431);
  }

  @Test
  void jsonNestedTooDeepIsRefused() {
    String deep = "[".repeat(1000) + "]".repeat(1000);
    Gateway.Answer answer = gateway.post("/v1/completions", "{\"prompt\": " + deep + "}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").stringValue()).contains("nesting depth");
  }
}
