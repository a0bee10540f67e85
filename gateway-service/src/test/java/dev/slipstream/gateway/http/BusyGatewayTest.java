package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What clients and operators see of a gateway that has all that it can do. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BusyGatewayTest {
  private static final String PATH = "/v1/completions";
  private static final String BODY = "{\"model\": \"test-model\", \"prompt\": \"hi\"}";

  private FakeTarget target;
  private Gateway gateway;

  @BeforeAll
  void start() {
    target = FakeTarget.start();
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.workers=1",
                "--slipstream.gateway.limits.answers=1")
            .awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  @Test
  void clientsAreToldWhenToComeBack() {
    var accepted = CompletableFuture.supplyAsync(() -> gateway.post(PATH, BODY));
    var decode = target.next();
    Gateway.Answer refused = gateway.post(PATH, BODY);
    decode.started().finishByEnd();

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.response().headers().firstValue("Retry-After")).contains("1");
    assertThat(refused.json().at("/error/code").stringValue()).isEqualTo("rate_limit_exceeded");
    assertThat(accepted.join().status()).isEqualTo(200);
  }

  /** A slow template must not make a gateway look dead to those who watch it. */
  @Test
  void metricsCanBeReadWhileAllWorkersAreBusy() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    gateway
        .context()
        .getBean("promptThreads", ExecutorService.class)
        .execute(
            () -> {
              begun.countDown();
              await(end);
            });
    await(begun);
    try {
      assertThat(gateway.get("/metrics").body()).contains("slipstream_target_up");
      assertThat(gateway.get("/actuator/prometheus").body()).contains("slipstream_target_breaker");
    } finally {
      end.countDown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
