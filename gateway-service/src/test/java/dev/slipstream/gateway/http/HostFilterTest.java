package dev.slipstream.gateway.http;

import static dev.slipstream.gateway.fake.RawClient.exchange;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.RawClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A gateway as developers have it: on loopback, without keys, and with a browser beside it. */
@Tag("suite")
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostFilterTest {
  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway = Gateway.start(target.address(), "", "--server.address=127.0.0.1").awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private static String get(String path, String host) {
    return "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(path, host);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost", "localhost:8080", "x.localhost", "127.0.0.2:1", "[::1]:8080"})
  void itsOwnNamesAreAnswered(String host) {
    assertThat(exchange(gateway, get("/v1/models", host))).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/models", "/health", "/metrics", "/actuator/health", "/nothing"})
  void otherNamesAreNotWhateverIsAskedFor(String path) {
    String answer = exchange(gateway, get(path, "rebound.example:" + gateway.port()));
    assertThat(answer)
        .startsWith("HTTP/1.1 421")
        .contains("rebound.example", "slipstream.gateway.allowed-hosts", "host_not_allowed");
  }

  @Test
  void noPageReadsEvenTheRefusal() {
    String answer =
        exchange(
            gateway,
            get("/v1/models", "rebound.example")
                .replace("\r\n\r\n", "\r\nOrigin: http://localhost:3000\r\n\r\n"));
    assertThat(answer)
        .startsWith("HTTP/1.1 421")
        .doesNotContainIgnoringCase("access-control-allow-origin");
  }

  @Test
  void nothingIsComputedForThem() {
    String body = "{\"prompt\": \"hi\"}";
    String request =
        RawClient.post("/v1/completions", "Connection: close\r\n", body.length(), body);
    assertThat(exchange(gateway, request.replace("localhost", "rebound.example")))
        .startsWith("HTTP/1.1 421");
    assertThat(target.isIdle()).isTrue();
  }

  /** The first line counts for more than the header. */
  @Test
  void aHostInTheFirstLineIsLookedAtToo() {
    assertThat(exchange(gateway, get("http://rebound.example/v1/models", "rebound.example")))
        .startsWith("HTTP/1.1 421");
    assertThat(exchange(gateway, get("http://rebound.example/v1/models", "localhost")))
        .startsWith("HTTP/1.1 400");
    assertThat(exchange(gateway, get("http://localhost/v1/models", "rebound.example")))
        .startsWith("HTTP/1.1 400");
    assertThat(exchange(gateway, "GET http://rebound.example/v1/models HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.0 421");
    assertThat(exchange(gateway, get("HTTP://localhost:1/v1/models", "localhost:1")))
        .startsWith("HTTP/1.1 200");
  }

  /** As health checks of old balancers come; browsers always say a host. */
  @Test
  void onlyOldClientsMaySayNone() {
    assertThat(exchange(gateway, "GET /health HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.0 200");
    assertThat(exchange(gateway, "GET /health HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(exchange(gateway, get("/health", ""))).startsWith("HTTP/1.1 421");
  }

  /** What a page can send without asking first is refused, and when it asks it gets no leave. */
  @Test
  void aPageFromElsewhereGetsNothingDone() {
    String body = "{\"prompt\": \"hi\"}";
    String simple =
        RawClient.post(
                "/v1/completions",
                "Connection: close\r\nOrigin: http://evil.example\r\n",
                body.length(),
                body)
            .replace("application/json", "text/plain");
    assertThat(exchange(gateway, simple)).startsWith("HTTP/1.1 415");
    String preflight =
        exchange(
            gateway,
            "OPTIONS /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n");
    assertThat(preflight).doesNotContainIgnoringCase("access-control-allow");
    assertThat(target.isIdle()).isTrue();
  }
}
