package dev.slipstream.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.system.Gateway;
import dev.slipstream.system.Load;
import dev.slipstream.system.cluster.Release.Pod;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The chart on a real cluster. What a user would lose: an answer, or the same answer, when pods
 * come and go, which on Kubernetes is every day.
 */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterTest {
  private static final String QUESTION = "What is the capital of France?";
  private static final String LONG =
      "Write a long story about a red fox, a green frog, a blue bird and a yellow fish.";

  /** Long enough that all that happens to an answer happens while it is computed. */
  private static final int TOKENS = 1000;

  /** Pieces of an answer after which it is surely under way. */
  private static final int MIDST = 8;

  private static final int CLIENTS = 3;

  private Namespace namespace;
  private Mirror mirror;
  private Release release;
  private Gateway gateway;
  private Map<String, String> expected;
  private String longAnswer;

  @BeforeAll
  void install() throws Exception {
    namespace = Namespace.create("test");
    Images images = Images.given();
    mirror = Mirror.start(namespace, images);
    release = Release.install(namespace, images);
    gateway = Gateway.at(release.gateway());
    expected = Load.stories(gateway);
    longAnswer = gateway.longAnswer(LONG, TOKENS, pieces -> {}).text();
  }

  @AfterAll
  void uninstall() throws Exception {
    if (gateway != null) {
      gateway.client().close();
    }
    if (namespace != null) {
      namespace.close();
    }
  }

  @BeforeEach
  void settle() {
    release.awaitSettled();
  }

  @Test
  void theInstalledSuiteAnswersAsOneProcessDoes() throws Exception {
    String answer = gateway.answer(QUESTION, 24).text();
    assertThat(answer).contains("Paris").isEqualTo(mirror.answer(QUESTION, 24));
    String tested = release.test();
    assertThat(tested).startsWith("Phase:").contains("Succeeded").contains("Paris");
    report("helm test: %s", tested);
  }

  /** Or an update of the suite would need an announcement. */
  @Test
  void upgradesAndRollbacksAreNotNoticed() throws Exception {
    List<Pod> before = release.pods("gateway");
    try (Load load = start()) {
      release.upgrade(
          "gateway.podAnnotations.revision=second",
          "gateway.config.keepAlive=20s",
          "target.podAnnotations.revision=second",
          "target.config.maxRunning=8");
      release.awaitSettled();
      assertThat(names(release.pods("gateway"))).doesNotContainAnyElementsOf(names(before));
      load.awaitMore(CLIENTS);
      int upgraded = load.answered();
      List<Pod> second = release.pods("target");
      release.rollback();
      release.awaitSettled();
      assertThat(names(release.pods("target"))).doesNotContainAnyElementsOf(names(second));
      load.awaitMore(CLIENTS);
      assertNoFault(load);
      report("%d answers during an upgrade, %d with the rollback", upgraded, load.answered());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "draft", "target", "kv"})
  void deletedPodsLoseNoAnswer(String role) throws Exception {
    List<Pod> pods = release.pods(role);
    try (Load load = start()) {
      for (Pod pod : pods) {
        release.delete(pod);
        load.awaitMore(CLIENTS);
        release.awaitSettled();
        load.awaitMore(CLIENTS);
      }
      assertThat(names(release.pods(role))).doesNotContainAnyElementsOf(names(pods));
      assertNoFault(load);
      report("%d answers while %d pods of %s were deleted", load.answered(), pods.size(), role);
    }
  }

  /** Deleted, it has its time to end; a process that crashes has not. */
  @ParameterizedTest
  @CsvSource({"gateway, false", "target, false", "target, true"})
  void anAnswerGoesOnWhenThePodThatServesItGoes(String role, boolean crash) throws Exception {
    List<Pod> pods = release.pods(role);
    double before = resumes();
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      List<Future<Pod>> gone = new ArrayList<>();
      String answer =
          gateway
              .longAnswer(
                  LONG,
                  TOKENS,
                  pieces -> {
                    if (pieces == MIDST) {
                      gone.add(other.submit(() -> endBusy(role, pods, crash)));
                      awaitDone(gone.getFirst());
                    }
                  })
              .text();
      gone.getFirst().get();
      assertThat(answer).isEqualTo(longAnswer);
      double resumed = resumes() - before;
      report(
          "%s %s: the same answer, resumed %.0f times",
          role, crash ? "crashed" : "deleted", resumed);
      if (crash) {
        assertThat(resumed).as("the rest came from another target").isPositive();
      }
    }
  }

  private double resumes() throws Exception {
    double sum = 0;
    for (Pod pod : release.pods("gateway")) {
      var values = release.metric(pod, "gateway", "slipstream_request_resumes_total", "");
      sum += values.getOrDefault("", 0.0);
    }
    return sum;
  }

  /**
   * The client reads no further until then, but the answer goes on: a slow reader is no failure.
   */
  private static void awaitDone(Future<?> future) {
    await().atMost(Duration.ofMinutes(1)).until(future::isDone);
  }

  private Pod endBusy(String role, List<Pod> pods, boolean crash) throws Exception {
    for (Pod pod : pods) {
      if (release.metric(pod, role, "slipstream_num_requests_running", "").get("") > 0) {
        if (crash) {
          release.crash(pod, role);
        } else {
          release.delete(pod);
        }
        return pod;
      }
    }
    throw new AssertionError("no " + role + " serves the answer");
  }

  @Test
  void theGatewayIsScaledByItsLoad() throws Exception {
    requireMetrics();
    try (Load load = start()) {
      release.upgrade(
          "gateway.autoscaling.enabled=true",
          "gateway.autoscaling.maxReplicas=3",
          "gateway.autoscaling.targetCPUUtilizationPercentage=10");
      await()
          .atMost(Duration.ofMinutes(10))
          .pollInterval(Duration.ofSeconds(2))
          .until(() -> release.pods("gateway").stream().filter(Pod::ready).count() == 3);
      report("%s", namespace.run("get", "hpa"));
      release.upgrade();
      release.awaitSettled();
      assertNoFault(load);
      assertThat(release.pods("gateway")).hasSize(2);
    }
  }

  /** Without them the test is skipped, but on a CI server it fails. */
  private void requireMetrics() throws Exception {
    String[] command = {"get", "--raw", "/apis/metrics.k8s.io/v1beta1/pods"};
    boolean metrics = namespace.kubectl().attempt("", command).status() == 0;
    assertThat(metrics || System.getenv("CI") == null).as("there is a metrics-server").isTrue();
    Assumptions.assumeTrue(metrics, "the cluster has no metrics-server");
  }

  /** Or the maintenance of nodes would take all pods of a role at once. */
  @Test
  void budgetsHoldWhenNodesAreDrained() throws Exception {
    try (Load load = start()) {
      for (String role : List.of("gateway", "draft", "target")) {
        List<Pod> pods = release.pods(role);
        assertThat(release.evict(pods.getFirst()).status()).isZero();
        Tool.Result second = release.evict(pods.getLast());
        assertThat(second.status()).isNotZero();
        assertThat(second.err()).contains("violate the pod's disruption budget");
        report("second eviction of %s: %s", role, second.err().strip());
        release.awaitSettled();
      }
      String node = release.pods("gateway").getFirst().node();
      try {
        Tool.Result drained = release.drain(node, "gateway");
        assertThat(drained.status() == 0 || drained.err().contains("disruption budget"))
            .as("gone, or kept by the budget: " + drained.err())
            .isTrue();
        report("drain: %s%s", drained.out(), drained.err());
        load.awaitMore(CLIENTS);
      } finally {
        namespace.run("uncordon", node);
      }
      release.awaitSettled();
      assertNoFault(load);
    }
  }

  /** Or it would be enough that pods are allowed what the chart does not ask for. */
  @Test
  void theNamespaceRefusesPodsThatAreNotRestricted() throws Exception {
    Tool.Result refused =
        namespace
            .kubectl()
            .attempt("", "run", "root", "--image=" + Images.given().name("standalone"));
    assertThat(refused.status()).isNotZero();
    assertThat(refused.err()).contains("violates PodSecurity \"restricted");
    for (String role : Release.HTTP_PORTS.keySet()) {
      assertThat(release.pods(role)).isNotEmpty().allMatch(Pod::ready);
    }
  }

  @Test
  void chatsAreSpreadOverTargetsAndDrafts() throws Exception {
    Map<String, Double> targets = streams("target");
    Map<String, Double> drafts = streams("draft");
    ask(200);
    assertSpread("targets", targets, streams("target"), 200);
    assertSpread("drafts", drafts, streams("draft"), 200);
  }

  /** Or a new pod would idle while a long-lived connection leads to the old one. */
  @Test
  void aNewTargetGetsItsShareAtOnce() throws Exception {
    namespace.run("scale", release.deployment("target"), "--replicas=1");
    release.awaitSettled();
    ask(10);
    namespace.run("scale", release.deployment("target"), "--replicas=2");
    release.awaitSettled();
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> streams("target").size() == 2 && known("slipstream_target_up", 2));
    Map<String, Double> before = streams("target");
    ask(100);
    assertSpread("targets, one of them new", before, streams("target"), 100);
  }

  /** Whether each gateway has so many of a gauge's lines at 1. */
  private boolean known(String gauge, int count) throws Exception {
    for (Pod pod : release.pods("gateway")) {
      var values = release.metric(pod, "gateway", gauge, "target").values();
      if (values.stream().filter(value -> value == 1).count() != count) {
        return false;
      }
    }
    return true;
  }

  /** Each on a connection of its own, so that all gateways get some. */
  private void ask(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      try (HttpClient own = Gateway.newClient()) {
        Gateway anew = new Gateway(own, gateway.address(), gateway.key());
        anew.answer("What comes after " + i + "?", 8);
      }
    }
  }

  /** Streams that the gateways have opened, by address of the pod. */
  private Map<String, Double> streams(String role) throws Exception {
    Map<String, Double> sum = new HashMap<>();
    for (Pod pod : release.pods("gateway")) {
      release
          .metric(pod, "gateway", "slipstream_" + role + "_requests_total", role)
          .forEach((address, count) -> sum.merge(address, count, Double::sum));
    }
    return sum;
  }

  private static void assertSpread(
      String what, Map<String, Double> before, Map<String, Double> after, int count) {
    assertThat(after).as(what).hasSize(2);
    Map<String, Double> shares = new HashMap<>(after);
    shares.replaceAll((address, now) -> now - before.getOrDefault(address, 0.0));
    report("%s: %s", what, shares);
    assertThat(shares.values()).allSatisfy(n -> assertThat(n / count).isBetween(0.4, 0.6));
  }

  private static void assertNoFault(Load load) {
    load.close();
    assertThat(load.faults()).as("failed or altered of %d", load.answered()).isEmpty();
  }

  private Load start() {
    return Load.streaming(gateway, expected, CLIENTS);
  }

  private static List<String> names(List<Pod> pods) {
    return pods.stream().map(Pod::name).toList();
  }

  /** What docs/kubernetes.md quotes. */
  private static void report(String format, Object... arguments) {
    System.out.println(format.formatted(arguments));
  }
}
