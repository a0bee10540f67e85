package dev.slipstream.standalone.chart;

import static dev.slipstream.standalone.chart.Manifest.container;
import static dev.slipstream.standalone.chart.Manifest.environment;
import static dev.slipstream.standalone.chart.Manifest.name;
import static dev.slipstream.standalone.chart.Manifest.role;
import static dev.slipstream.standalone.chart.Manifest.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.chart.Variations.Variation;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.convert.DurationStyle;
import tools.jackson.databind.JsonNode;

/** What must hold whatever the values are. Each test goes through all {@link Variations}. */
@ExtendWith(Chart.Extension.class)
class ChartTest {
  private static final Pattern ADDRESS = Pattern.compile("dns:///([a-z0-9-]+):(\\d+)");

  static Stream<Variation> variations() {
    return Variations.all().stream();
  }

  /** Or Kubernetes would refuse the objects, or the second of a name would replace the first. */
  @ParameterizedTest
  @MethodSource("variations")
  void namesAndLabelsAreValidAndNamesUnique(Variation variation, Chart chart) {
    Set<String> seen = new HashSet<>();
    for (JsonNode object : variation.render(chart).objects()) {
      String kind = object.path("kind").asString();
      assertThat(seen.add(kind + " " + name(object))).as(kind + " " + name(object)).isTrue();
      assertThat(name(object)).matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
      assertThat(object.at("/metadata/labels").properties())
          .isNotEmpty()
          .allSatisfy(
              label ->
                  assertThat(label.getValue().asString())
                      .matches("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"));
    }
  }

  /** Or a Service would lead nowhere, or to pods of another role. */
  @ParameterizedTest
  @MethodSource("variations")
  void selectorsFindExactlyThePodsOfTheirRole(Variation variation, Chart chart) {
    Manifest manifest = variation.render(chart);
    for (JsonNode deployment : manifest.deployments()) {
      JsonNode selector = deployment.at("/spec/selector/matchLabels");
      assertThat(manifest.selected(selector)).containsExactly(deployment);
      assertThat(selector.propertyNames())
          .as("labels that never change")
          .containsExactlyInAnyOrder(
              "app.kubernetes.io/name",
              "app.kubernetes.io/instance",
              "app.kubernetes.io/component");
    }
    Stream.of(
            manifest.all("Service").stream().map(s -> Map.entry(s, s.at("/spec/selector"))),
            manifest.all("PodDisruptionBudget").stream()
                .map(p -> Map.entry(p, p.at("/spec/selector/matchLabels"))),
            manifest.all("NetworkPolicy").stream()
                .map(p -> Map.entry(p, p.at("/spec/podSelector/matchLabels"))))
        .flatMap(s -> s)
        .forEach(
            entry ->
                assertThat(manifest.selected(entry.getValue()))
                    .as(name(entry.getKey()))
                    .containsExactly(manifest.deployment(role(entry.getKey()))));
  }

  /** Or calls would be refused. */
  @ParameterizedTest
  @MethodSource("variations")
  void portsOfServicesAreThoseOfContainersAndContainersThoseOfTheServices(
      Variation variation, Chart chart) {
    Manifest manifest = variation.render(chart);
    for (JsonNode deployment : manifest.deployments()) {
      ServiceKeys keys = ServiceKeys.of(role(deployment));
      assertThat(ports(container(deployment)))
          .isEqualTo(
              Map.of(
                  "grpc", keys.defaultPort("spring.grpc.server.port"),
                  "http", keys.defaultPort("server.port")));
    }
    for (JsonNode service : manifest.all("Service")) {
      Map<String, Integer> ports = ports(manifest.container(role(service)));
      boolean headless = service.at("/spec/clusterIP").asString("").equals("None");
      for (JsonNode port : service.at("/spec/ports")) {
        String name = port.path("targetPort").asString();
        assertThat(ports).as(name(service)).containsKey(name);
        if (headless) {
          assertThat(port.path("port").asInt())
              .as("no proxy translates the port of the headless " + name(service))
              .isEqualTo(ports.get(name));
        }
      }
    }
  }

  private static Map<String, Integer> ports(JsonNode container) {
    return stream(container.path("ports"))
        .collect(
            Collectors.toMap(p -> p.path("name").asString(), p -> p.path("containerPort").asInt()));
  }

  /** Or services would look for one another where nobody is, or stick to one pod. */
  @ParameterizedTest
  @MethodSource("variations")
  void addressesOfOtherServicesAreHeadlessServicesOfThisRelease(Variation variation, Chart chart) {
    Manifest manifest = variation.render(chart);
    for (JsonNode deployment : manifest.deployments()) {
      environment(container(deployment)).values().stream()
          .flatMap(value -> Stream.of(value.split(",")))
          .filter(value -> value.startsWith("dns:///slip"))
          .forEach(
              value -> {
                Matcher address = ADDRESS.matcher(value);
                assertThat(address.matches()).as(value).isTrue();
                JsonNode service = manifest.named("Service", address.group(1));
                assertThat(service.at("/spec/clusterIP").asString()).isEqualTo("None");
                assertThat(stream(service.at("/spec/ports")).map(p -> p.path("port").asInt()))
                    .contains(Integer.valueOf(address.group(2)));
              });
    }
  }

  /** Or pods would be restarted, or taken out, because another service is gone. */
  @ParameterizedTest
  @MethodSource("variations")
  void probesAskTheServiceAboutItselfOnly(Variation variation, Chart chart) {
    for (JsonNode deployment : variation.render(chart).deployments()) {
      JsonNode container = container(deployment);
      Map<String, String> paths =
          Map.of(
              "startupProbe", "/actuator/health/liveness",
              "livenessProbe", "/actuator/health/liveness",
              "readinessProbe", "/actuator/health/readiness");
      paths.forEach(
          (probe, path) -> {
            assertThat(container.path(probe).at("/httpGet/path").asString()).isEqualTo(path);
            assertThat(container.path(probe).at("/httpGet/port").asString()).isEqualTo("http");
          });
      ServiceKeys keys = ServiceKeys.of(role(deployment));
      Set<String> own = Set.of("readinessState", "model");
      assertThat(keys.value(environment(container), ServiceKeys.READINESS).split(","))
          .as("health that readiness of %s asks for", role(deployment))
          .isSubsetOf(own);
    }
  }

  /** Or the kubelet would kill a pod in the middle of its last answers. */
  @ParameterizedTest
  @MethodSource("variations")
  void podsAreGivenLongerThanTheyTakeToStop(Variation variation, Chart chart) {
    for (JsonNode deployment : variation.render(chart).deployments()) {
      JsonNode container = container(deployment);
      ServiceKeys keys = ServiceKeys.of(role(deployment));
      Map<String, String> environment = environment(container);
      long grpc = keys.seconds(environment, "spring.grpc.server.shutdown.grace-period");
      long drain =
          switch (role(deployment)) {
            // One after the other: gRPC calls, then HTTP requests.
            case "gateway" ->
                grpc + keys.seconds(environment, "spring.lifecycle.timeout-per-shutdown-phase");
            case "target" -> {
              assertThat(grpc)
                  .as("gRPC outlives the drain, or its calls are cut without a word")
                  .isGreaterThan(keys.seconds(environment, "slipstream.target.drain-limit"));
              yield grpc;
            }
            default -> grpc;
          };
      long preStop = container.at("/lifecycle/preStop/sleep/seconds").asLong(0);
      assertThat(deployment.at("/spec/template/spec/terminationGracePeriodSeconds").asLong())
          .as("grace of %s", role(deployment))
          .isGreaterThan(preStop + drain);
    }
  }

  /** Or renewing a client's connection would end the answers on it. */
  @ParameterizedTest
  @MethodSource("variations")
  void connectionsAreRenewedWithoutCuttingStreams(Variation variation, Chart chart) {
    Map<String, String> environment = environment(variation.render(chart).container("gateway"));
    assertThat(environment).containsKey("SPRING_GRPC_SERVER_KEEPALIVE_CONNECTION_MAXAGE");
    assertThat(
            DurationStyle.detectAndParse(
                environment.get("SPRING_GRPC_SERVER_KEEPALIVE_CONNECTION_GRACEPERIOD")))
        .isGreaterThan(Duration.ofHours(1));
  }

  /** Or a setting would have no effect, and nobody would notice. */
  @ParameterizedTest
  @MethodSource("variations")
  void everyVariableIsAPropertyThatTheServiceKnows(Variation variation, Chart chart) {
    for (JsonNode deployment : variation.render(chart).deployments()) {
      ServiceKeys keys = ServiceKeys.of(role(deployment));
      assertThat(environment(container(deployment)).keySet())
          .filteredOn(variable -> !variable.startsWith("USER_"))
          .allSatisfy(variable -> assertThat(keys.knows(variable)).as(variable).isTrue());
    }
  }

  /** Or a namespace with the restricted level would refuse the pods. */
  @ParameterizedTest
  @MethodSource("variations")
  void podsPassTheRestrictedLevel(Variation variation, Chart chart) {
    for (JsonNode pod : variation.render(chart).podSpecs()) {
      assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(pod.path("enableServiceLinks").asBoolean(true)).isFalse();
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/runAsUser").asInt()).isEqualTo(10001);
      assertThat(pod.at("/securityContext/seccompProfile/type").asString())
          .isEqualTo("RuntimeDefault");
      for (String shared : List.of("hostNetwork", "hostPID", "hostIPC", "runtimeClassName")) {
        assertThat(pod.has(shared)).as(shared).isFalse();
      }
      Manifest.containers(pod)
          .forEach(
              container -> {
                JsonNode security = container.path("securityContext");
                assertThat(security.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
                assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(security.at("/capabilities/drop/0").asString()).isEqualTo("ALL");
              });
    }
  }

  /** Or pods would share cores with others, and compute threads would outnumber them. */
  @ParameterizedTest
  @MethodSource("variations")
  void resourcesAreWholeCpusAndLimitsAreRequests(Variation variation, Chart chart) {
    for (JsonNode pod : variation.render(chart).podSpecs()) {
      Manifest.containers(pod)
          .forEach(
              container -> {
                JsonNode resources = container.path("resources");
                assertThat(resources.path("limits")).isEqualTo(resources.path("requests"));
                assertThat(resources.at("/limits/cpu").isIntegralNumber()).isTrue();
                assertThat(resources.at("/limits").has("nvidia.com/gpu")).isFalse();
              });
    }
  }

  /** Or a container would not start, or would write to a file system that it cannot write to. */
  @ParameterizedTest
  @MethodSource("variations")
  void volumesAreThereAndUsed(Variation variation, Chart chart) {
    for (JsonNode pod : variation.render(chart).podSpecs()) {
      List<String> mounted =
          Manifest.containers(pod)
              .flatMap(c -> stream(c.path("volumeMounts")))
              .map(m -> m.path("name").asString())
              .toList();
      List<String> volumes =
          stream(pod.path("volumes")).map(v -> v.path("name").asString()).toList();
      assertThat(volumes).doesNotHaveDuplicates().hasSameElementsAs(mounted);
      Manifest.containers(pod)
          .forEach(
              c ->
                  assertThat(
                          stream(c.path("volumeMounts")).map(m -> m.path("mountPath").asString()))
                      .doesNotHaveDuplicates()
                      .contains("/tmp"));
    }
  }

  /** Or a node could never be drained. */
  @ParameterizedTest
  @MethodSource("variations")
  void disruptionBudgetsAlwaysLetAPodGo(Variation variation, Chart chart) {
    for (JsonNode budget : variation.render(chart).all("PodDisruptionBudget")) {
      assertThat(budget.path("spec").has("minAvailable")).isFalse();
      JsonNode most = budget.at("/spec/maxUnavailable");
      // Kubernetes rounds percentages up.
      int number = Integer.parseInt(most.asString().replace("%", ""));
      assertThat(number).as(name(budget)).isPositive();
    }
  }

  /** Or an autoscaler and the Deployment would undo each other's work. */
  @ParameterizedTest
  @MethodSource("variations")
  void autoscalersFindTheirDeploymentAndAloneSetItsReplicas(Variation variation, Chart chart) {
    Manifest manifest = variation.render(chart);
    Set<String> scaled =
        Stream.concat(
                manifest.all("HorizontalPodAutoscaler").stream(),
                manifest.all("ScaledObject").stream())
            .map(s -> s.at("/spec/scaleTargetRef/name").asString())
            .collect(Collectors.toSet());
    assertThat(manifest.deployments().stream().map(Manifest::name)).containsAll(scaled);
    for (JsonNode deployment : manifest.deployments()) {
      assertThat(deployment.path("spec").has("replicas"))
          .as("replicas of " + name(deployment))
          .isNotEqualTo(scaled.contains(name(deployment)));
    }
  }

  /** Or routes would lead nowhere, or the outside could read metrics. */
  @ParameterizedTest
  @MethodSource("variations")
  void routesLeadToPortsOfTheGatewayAndNotToItsMetrics(Variation variation, Chart chart) {
    Manifest manifest = variation.render(chart);
    JsonNode service = manifest.named("Service", name(manifest.deployment("gateway")));
    Map<Integer, String> ports =
        stream(service.at("/spec/ports"))
            .collect(Collectors.toMap(p -> p.path("port").asInt(), p -> p.path("name").asString()));
    Map<String, String> kinds = Map.of("HTTPRoute", "http", "GRPCRoute", "grpc");
    kinds.forEach(
        (kind, port) ->
            manifest
                .all(kind)
                .forEach(
                    route -> {
                      JsonNode backend = route.at("/spec/rules/0/backendRefs/0");
                      assertThat(backend.path("name").asString()).isEqualTo(name(service));
                      assertThat(ports).containsEntry(backend.path("port").asInt(), port);
                    }));
    Stream.concat(
            manifest.all("Ingress").stream()
                .flatMap(i -> stream(i.at("/spec/rules")))
                .flatMap(r -> stream(r.at("/http/paths")))
                .peek(
                    p -> {
                      JsonNode backend = p.at("/backend/service");
                      assertThat(backend.path("name").asString()).isEqualTo(name(service));
                      assertThat(backend.at("/port/name").asString()).isEqualTo("http");
                    })
                .map(p -> p.path("path").asString()),
            manifest.all("HTTPRoute").stream()
                .flatMap(r -> stream(r.at("/spec/rules/0/matches")))
                .map(m -> m.at("/path/value").asString()))
        .forEach(
            path ->
                assertThat(List.of("/metrics", "/actuator/prometheus"))
                    .noneMatch(inside -> inside.startsWith(path)));
  }
}
