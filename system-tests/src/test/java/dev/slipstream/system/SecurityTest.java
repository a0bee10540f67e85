package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.lifecycle.Startables;

/**
 * The stack with API keys and mutual TLS. What would be lost: tenants' secrets, to strangers and to
 * each other, and answers, whenever certificates are renewed.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecurityTest {
  private static final int CLIENTS = 4;

  /** Answers that show that clients go on. */
  private static final int SOME = 2 * CLIENTS;

  private static final String RELOADED = "SSL bundle 'suite' in use";

  /** Prompts for each kind of time to the first token, and those before that warm all up. */
  private static final int SAMPLES = 16;

  private static final int WARM_UP = 3;

  private SecuredStack secured;
  private Stack stack;
  private Gateway gateway;

  @BeforeAll
  void up(@TempDir Path folder) throws Exception {
    secured = SecuredStack.in(folder);
    stack = secured.stack();
    stack.start();
  }

  @AfterAll
  void down() {
    if (stack != null) {
      stack.stop();
    }
  }

  @BeforeEach
  void restore() {
    stack.restore();
    gateway = stack.gateway();
  }

  @Test
  void onlyAGoodKeyIsServed() throws Exception {
    assertThat(gateway.chat("Hello", 2).statusCode()).isEqualTo(401);
    assertThat(gateway.withKey("key-c").chat("Hello", 2).statusCode()).isEqualTo(401);
    for (String key : SecuredStack.KEYS) {
      assertThat(Gateway.text(gateway.withKey(key).chat("Hello", 2))).isNotEmpty();
    }
  }

  @Test
  void aGatewayThatTheSuiteDoesNotKnowReachesNoTarget() throws Exception {
    double before = stack.metric("target", "slipstream_request_queue_time_seconds_count");
    List<Service> strangers = SecuredStack.STRANGERS.stream().map(secured::add).toList();
    Service member = secured.add(SecuredStack.MEMBER);
    try {
      Startables.deepStart(strangers).join();
      for (Service stranger : strangers) {
        await()
            .atMost(Stack.PATIENCE)
            .untilAsserted(() -> assertReachesNoTarget(stack.gateway(stranger)));
      }
      assertThat(stack.metric("target", "slipstream_request_queue_time_seconds_count"))
          .as("streams that targets began")
          .isEqualTo(before);
      member.start();
      await()
          .atMost(Stack.PATIENCE)
          .until(() -> stack.gateway(member).chat("Hello", 2).statusCode() == 200);
    } finally {
      strangers.forEach(stack::remove);
      stack.remove(member);
    }
  }

  private static void assertReachesNoTarget(Gateway stranger) throws Exception {
    HttpResponse<String> answer = stranger.chat("Hello", 2);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).containsPattern("target [0-9.]+:9092: UNAVAILABLE");
  }

  @Test
  void newCertificatesOfAllServicesDisturbNobody() throws Exception {
    Load load = Load.start(gateway.withKey("key-b"), CLIENTS);
    try (load) {
      load.awaitMore(SOME);
      Map<Service, Integer> before = new HashMap<>();
      stack.containers().forEach(service -> before.put(service, reloads(service)));
      secured.rotate();
      before.forEach(
          (service, reloads) ->
              await().atMost(Stack.PATIENCE).until(() -> reloads(service) > reloads));
      load.awaitMore(SOME);
      // Connections stay; this makes everybody open new ones.
      stack.containers("target").getFirst().restart();
      stack.restore();
      load.awaitMore(SOME);
    }
    System.out.printf("Rotation: %d answers%n", load.answered());
    assertThat(load.faults()).isEmpty();
  }

  private static int reloads(Service service) {
    return service.getLogs().split(RELOADED, -1).length - 1;
  }

  @Test
  void whatOneTenantHasCachedIsAsNewToAnother() throws Exception {
    Gateway a = gateway.withKey("key-a");
    Gateway b = gateway.withKey("key-b");
    List<Double> cachedByA = new ArrayList<>();
    List<Double> cachedByNobody = new ArrayList<>();
    List<Double> own = new ArrayList<>();
    for (int i = -WARM_UP; i < SAMPLES; i++) {
      String secret = text(100 + i);
      String nobodys = text(200 + i);
      a.answerFrom(secret, 2);
      double hits = hits();
      // In turn first, so that what an earlier request leaves behind tells nothing.
      boolean strangerFirst = i % 2 == 0;
      Gateway.Answer first = b.answerFrom(strangerFirst ? secret : nobodys, 2);
      Gateway.Answer second = b.answerFrom(strangerFirst ? nobodys : secret, 2);
      Gateway.Answer stranger = strangerFirst ? first : second;
      Gateway.Answer fresh = strangerFirst ? second : first;
      assertThat(hits()).as("hits of tenant b").isEqualTo(hits);
      assertThat(List.of(stranger.cached(), fresh.cached())).containsOnly(0);
      Gateway.Answer again = a.answerFrom(secret, 2);
      assertThat(again.cached()).isPositive();
      if (i >= 0) {
        cachedByA.add(stranger.millisToFirst());
        cachedByNobody.add(fresh.millisToFirst());
        own.add(again.millisToFirst());
      }
    }
    double z = rankSum(cachedByA, cachedByNobody);
    System.out.printf(
        Locale.ROOT,
        "Tenants: median time to first token %.0f ms for what another tenant has cached, %.0f for"
            + " what nobody has, %.0f for one's own; z of the rank sum %.2f%n",
        median(cachedByA),
        median(cachedByNobody),
        median(own),
        z);
    assertThat(Math.abs(z)).as("z of the rank sum").isLessThan(3.3);
    assertThat(median(cachedByA) / median(cachedByNobody)).isBetween(0.6, 1.0 / 0.6);
    assertThat(median(own)).as("what a hit looks like").isLessThan(0.7 * median(cachedByA));
  }

  /** Tokens that targets had, or got from kv. */
  private double hits() throws Exception {
    return stack.metric("target", "slipstream_prefix_cache_hits_total")
        + stack.metric("target", "slipstream_prefix_cache_remote_hits_total");
  }

  /** Some 150 tokens, the first of which no other number's text has. */
  private static String text(int number) {
    StringBuilder text = new StringBuilder(number + ":");
    for (int i = 0; i < 30; i++) {
      text.append(" secret ").append(10 + (number + 7) * (i + 3) % 90);
    }
    return text.toString();
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  /** How far from equal two samples of the same size are: Mann-Whitney's U, as standard normal. */
  private static double rankSum(List<Double> left, List<Double> right) {
    double wins = 0;
    for (double x : left) {
      for (double y : right) {
        wins += x < y ? 1 : x > y ? 0 : 0.5;
      }
    }
    double n = left.size();
    return (wins - n * n / 2) / Math.sqrt(n * n * (2 * n + 1) / 12);
  }
}
