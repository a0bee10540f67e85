package dev.slipstream.gateway.http;

import static dev.slipstream.gateway.fake.RawClient.exchange;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.gateway.fake.RawClient;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Scanners of the whole Internet send such things. Whoever watches errors must not be woken by
 * them, or find the real ones among their stack traces.
 */
@Tag("suite")
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MalformedRequestTest {
  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway = Gateway.start(target.address(), "").awaitModels(1);
    gateway.get("/actuator/health");
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  /** Sends it, and checks that the answer is one of ours and the log has at most one line of it. */
  private String refused(String request, Integer... statuses) {
    try (LogRecord log = new LogRecord()) {
      String answer = exchange(gateway, request);
      assertThat(answer).matches("(?s)HTTP/1\\.[01] \\d+ .*");
      assertThat(Integer.valueOf(answer.substring(9, 12))).isIn(List.of(statuses));
      String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
      var error = gateway.json(body).get("error");
      assertThat(error.get("message").stringValue()).isNotBlank();
      assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
      assertThat(log.alarms()).isEmpty();
      assertThat(log.lines()).hasSizeLessThanOrEqualTo(1);
      return body;
    }
  }

  private static String get(String target) {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator/health/..%2fenv",
        "/actuator/health/..%2Fenv",
        "/actuator/health/liveness%2fx",
        "/actuator/health/%2f",
        "/actuator/health/%00",
        "/actuator/health/%20",
        "/actuator/health/..;/env",
        "/actuator/health/..;x=y/..;/env",
        "/actuator/health/../env",
        "/actuator/health/..%5cenv",
        "/actuator/..%5cenv",
        "/actuator/%2e%2e/env",
        "/actuator/health/%c0%ae%c0%ae/env",
        "/actuator/health/%0d%0aX:y",
        "/actuator/health/%e2%80%ae",
        "/actuator/health/a/b/c",
        "/actuator/prometheus/..%2f..%2fetc/passwd",
        "/actuator/env",
        "/actuator;/health",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/%ff",
        "//evil",
        "/webjars/..%2f..%2fx",
        "/static/../../x",
        "/v1/models/%00",
        "/v1/models/..%2f..%2f",
        "/health%2f..%2fv1/models",
        "*",
      })
  void pathsThatLeadNowhereAreUnknown(String path) {
    refused(get(path), 404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator/health\\..\\env",
        "/actuator/health/%",
        "/actuator/health/%zz",
        "/actuator/health?x=%zz",
        "/actuator/health/{x}",
        "/actuator/health/<x>",
        "/v1/models/|",
        "/^",
        "health",
        "?",
        "http://[::1",
        "http://",
        "ftp://localhost/health",
        "localhost:80",
      })
  void targetsThatAreNoUrlsAreMalformed(String path) {
    assertThat(refused(get(path), 400)).contains("malformed_request");
  }

  @Test
  void tooLongIsSaidToBeTooLong() {
    refused(get("/actuator/health/" + "a/".repeat(8000)), 414);
    refused(get("/" + "%2f".repeat(4000)), 414);
    refused("X".repeat(9000) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 414);
    refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(9000) + "\r\n\r\n", 431);
    refused("GET / HTTP/1.1\r\nHost: a\r\n" + "X: a\r\n".repeat(3000) + "\r\n", 431);
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /actuator/health, 405",
    "DELETE, /actuator/health/liveness, 405",
    "POST, /actuator/health/..%2fenv, 404",
    "FOO, /v1/models, 405",
    "TRACE, /v1/completions, 405",
    "get, /health, 405",
    "PRI, /v1/models, 405",
    "CONNECT, localhost:443, 400",
    "G\u0000T, /health, 400",
    "G(T, /health, 400",
  })
  void methodsThatAreNotServedAreRefused(String method, String path, int status) {
    refused(get(path).replaceFirst("GET", method), status);
  }

  static Stream<Arguments> heads() {
    return Stream.of(
        Arguments.of("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505),
        Arguments.of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        Arguments.of("GET / FOO/1.1\r\nHost: a\r\n\r\n", 400),
        Arguments.of("GET /health\r\n\r\n", 400),
        Arguments.of("\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.1\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        Arguments.of("GET http://a/health HTTP/1.1\r\nHost: b\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.1\r\nHost: a\r\nX\u0000: y\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n", 400),
        Arguments.of("GET /health HTTP/1.1\r\nHost: a\r\nCookie: a=\u0001\r\n\r\n", 400),
        Arguments.of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n", 400),
        Arguments.of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        Arguments.of(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        Arguments.of(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
            400),
        Arguments.of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void headersThatAreNoHttpAreRefused(String head, int status) {
    refused(head, status);
  }

  /** What came so far may be valid JSON by itself: it is not what the client wanted to send. */
  @Test
  void aBodyThatEndsInGarbageIsNotTakenForAWholeOne() {
    List<String> garbage = List.of("zz\r\n", "-1\r\n", "fffffffffffffffff\r\n", "5 5\r\n", "\0");
    String body = "{\"model\": \"test-model\", \"prompt\": \"hi\"}";
    String start =
        RawClient.post("/v1/completions", "", 0, Integer.toHexString(body.length()))
            .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    try (LogRecord log = new LogRecord()) {
      for (String end : garbage) {
        assertThat(exchange(gateway, start + "\r\n" + body + "\r\n" + end + "\r\n"))
            .startsWith("HTTP/1.1 400")
            .contains("malformed_request");
      }
      await().until(() -> log.lines().size() == garbage.size());
      assertThat(log.alarms()).isEmpty();
    }
    assertThat(target.isIdle()).isTrue();
  }

  /** Answers come in the order of the requests, and the bad one's is the last. */
  @Test
  void whatCameBeforeIsAnsweredFirst() {
    String answers = exchange(gateway, "GET /health HTTP/1.1\r\nHost: a\r\n\r\nNONSENSE\r\n\r\n");
    assertThat(answers).startsWith("HTTP/1.1 200").contains("HTTP/1.1 400");
    assertThat(answers.indexOf("\"ok\"")).isLessThan(answers.indexOf("HTTP/1.1 400"));
  }

  /** A request with its host in the first line is as good as any. */
  @Test
  void aTargetWithItsHostIsUnderstood() {
    String answer =
        exchange(
            gateway,
            "GET http://localhost:1/health?x HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 200").contains("\"ok\"");
  }

  @Test
  void namesOfModelsMayHaveWhatOtherPathsMayNot() {
    String answer = refused(get("/v1/models/org%2Fname%20x"), 404);
    assertThat(answer).contains("model_not_found").contains("org/name x");
  }

  @Test
  void aRefusalWithoutABodyHasOneAllTheSameButNotForHead() {
    String head = get("/actuator/health/nothing").replace("GET", "HEAD");
    try (RawClient client = RawClient.connect(gateway)) {
      String answer = client.send(head).rest();
      assertThat(answer).startsWith("HTTP/1.1 404").endsWith("\r\n\r\n");
    }
  }
}
