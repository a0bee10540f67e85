package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** API keys over HTTP: strangers stay out, and everybody keeps to their share. */
@Tag("suite")
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccessTest {
  private static final String BODY =
      "{\"model\": \"test-model\", \"prompt\": \"hi\", \"max_tokens\": 8}";

  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.api-keys="
                    + String.join(
                        ",",
                        line("plain", "tenant=shop"),
                        line("twice", "requests-per-minute=2 tokens-per-minute=6000"),
                        line("single", "max-concurrent=1"),
                        line("frugal", "tokens-per-minute=3")))
            .awaitModels(1);
  }

  /** A key whose secret is its name, doubled. */
  private static String line(String name, String settings) {
    return "%s %s %s".formatted(name, KeyHash.of(name + name), settings);
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

  private Gateway.Answer complete(String authorization) {
    return complete(gateway, authorization);
  }

  private static Gateway.Answer complete(Gateway gateway, String authorization) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.uri("/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(BODY));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    return gateway.send(request.build());
  }

  private static String header(Gateway.Answer answer, String name) {
    return answer.response().headers().firstValue(name).orElse(null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer wrong", "Basic cGxhaW5wbGFpbg=="})
  void withoutAGoodKeyNothingIsAnswered(String authorization) {
    Gateway.Answer answer = complete(authorization.isEmpty() ? null : authorization);
    assertThat(answer.status()).isEqualTo(401);
    assertThat(header(answer, "WWW-Authenticate")).isEqualTo("Bearer");
    var error = answer.json().get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("invalid_api_key");
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
    assertThat(error.get("param").isNull()).isTrue();
    assertThat(answer.body()).doesNotContain("wrong");
    assertThat(target.isIdle()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/v1/models", "/v1/models/test-model", "/nothing", "/actuator", "/healthz"})
  void everyOtherPathNeedsAKeyToo(String path) {
    assertThat(gateway.get(path).status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/health",
        "/metrics",
        "/actuator/prometheus",
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/health/readiness"
      })
  void probesAndScrapersNeedNone(String path) {
    assertThat(gateway.get(path).status()).isEqualTo(200);
  }

  @Test
  void aGoodKeyIsAnsweredAndItsTenantGoesToTheTarget() {
    Gateway.Answer answer = complete("bearer  plainplain");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(target.next().start().getTenant()).isEqualTo("shop");
    assertThat(header(answer, "x-ratelimit-limit-requests")).isNull();
  }

  @Test
  void aKeyWithoutATenantHasOneOfItsOwn() {
    complete("Bearer singlesingle");
    assertThat(target.next().start().getTenant()).isEqualTo("single");
  }

  @Test
  void moreRequestsThanAllowedAreToldWhenToComeBack() {
    Gateway.Answer first = complete("Bearer twicetwice");
    assertThat(first.status()).isEqualTo(200);
    assertThat(header(first, "x-ratelimit-limit-requests")).isEqualTo("2");
    assertThat(header(first, "x-ratelimit-remaining-requests")).isEqualTo("1");
    assertThat(header(first, "x-ratelimit-reset-requests")).matches("\\d+(\\.\\d+)?s");
    assertThat(header(first, "x-ratelimit-limit-tokens")).isEqualTo("6000");
    // The prompt has two tokens; the answer has more.
    assertThat(Integer.parseInt(header(first, "x-ratelimit-remaining-tokens"))).isLessThan(5998);
    complete("Bearer twicetwice");
    Gateway.Answer third = complete("Bearer twicetwice");
    assertThat(third.status()).isEqualTo(429);
    assertThat(third.json().at("/error/code").stringValue()).isEqualTo("rate_limit_exceeded");
    assertThat(Integer.parseInt(header(third, "Retry-After"))).isBetween(1, 30);
    assertThat(header(third, "x-ratelimit-remaining-requests")).isEqualTo("0");
    assertThat(complete("Bearer plainplain").status()).isEqualTo(200);
  }

  @Test
  void tokensAreCountedWithTheAnswer() {
    assertThat(complete("Bearer frugalfrugal").status()).isEqualTo(200);
    Gateway.Answer second = complete("Bearer frugalfrugal");
    assertThat(second.status()).isEqualTo(429);
    assertThat(second.json().at("/error/message").stringValue()).contains("3 tokens a minute");
  }

  @Test
  void aRequestInFlightCountsUntilItsEnd() {
    target.script(FakeDecode::started);
    var first = CompletableFuture.supplyAsync(() -> complete("Bearer singlesingle"));
    FakeDecode decode = target.next();
    assertThat(complete("Bearer singlesingle").status()).isEqualTo(429);
    decode.commit("yes").finishByEnd();
    assertThat(first.join().status()).isEqualTo(200);
    target.says("yes");
    await().until(() -> complete("Bearer singlesingle").status() == 200);
  }

  @Test
  void aPageMayReadWhyItWasRefused() {
    HttpRequest preflight =
        HttpRequest.newBuilder(gateway.uri("/v1/completions"))
            .method("OPTIONS", BodyPublishers.noBody())
            .header("Origin", "http://localhost:3000")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization")
            .build();
    assertThat(gateway.send(preflight).status()).isEqualTo(200);
    HttpRequest refused =
        HttpRequest.newBuilder(gateway.uri("/v1/models"))
            .header("Origin", "http://localhost:3000")
            .build();
    Gateway.Answer answer = gateway.send(refused);
    assertThat(answer.status()).isEqualTo(401);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo("http://localhost:3000");
  }
}
