package dev.slipstream.standalone.chart;

import static dev.slipstream.standalone.chart.Manifest.environment;
import static dev.slipstream.standalone.chart.Manifest.name;
import static dev.slipstream.standalone.chart.Manifest.role;
import static dev.slipstream.standalone.chart.Manifest.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What single values do. */
@ExtendWith(Chart.Extension.class)
class ChartDetailsTest {

  @Test
  void theDefaultsAreTheWholeSuiteOnCpusAndNothingThatNeedsMoreThanKubernetes(Chart chart)
      throws Exception {
    Manifest manifest = chart.render("");
    assertThat(manifest.deployments().stream().map(Manifest::role))
        .containsExactlyInAnyOrderElementsOf(Manifest.ROLES);
    assertThat(manifest.objects().stream().map(o -> o.path("kind").asString()).distinct())
        .containsExactlyInAnyOrder(
            "ServiceAccount", "Service", "Deployment", "PodDisruptionBudget", "Pod");
    assertThat(Files.readString(Chart.source().resolve("Chart.yaml")))
        .as("the preStop sleep needs 1.30")
        .contains("kubeVersion: \">=1.30.0-0\"");
  }

  @Test
  void aRoleThatIsOffLeavesNothingBehind(Chart chart) {
    Manifest manifest =
        chart.render(
            "{draft: {enabled: false}, kv: {enabled: false}, networkPolicy: {enabled: true}}");
    assertThat(manifest.objects()).noneMatch(o -> Set.of("draft", "kv").contains(role(o)));
    assertThat(environment(manifest.container("gateway")))
        .containsEntry("SLIPSTREAM_GATEWAY_DRAFTS", "");
    assertThat(environment(manifest.container("target")))
        .doesNotContainKey("SLIPSTREAM_TARGET_KV_TARGET");
  }

  @Test
  void configurationReachesTheServiceAsItWasWritten(Chart chart) {
    Manifest manifest =
        chart.render(
            "{draft: {config: {maxContext: 16777216, maxIndexedTokens: 4000000000}}, target:"
                + " {config: {kvCache: {memoryFraction: 0.25}, maxDraftTokens: 0}}, gateway:"
                + " {config: {allowedOrigins: ['https://a', '*']}}}");
    assertThat(environment(manifest.container("draft")))
        .containsEntry("SLIPSTREAM_DRAFT_MAXCONTEXT", "16777216")
        .containsEntry("SLIPSTREAM_DRAFT_MAXINDEXEDTOKENS", "4000000000");
    assertThat(environment(manifest.container("target")))
        .containsEntry("SLIPSTREAM_TARGET_KVCACHE_MEMORYFRACTION", "0.25")
        .containsEntry("SLIPSTREAM_TARGET_MAXDRAFTTOKENS", "0");
    assertThat(environment(manifest.container("gateway")))
        .containsEntry("SLIPSTREAM_GATEWAY_ALLOWEDORIGINS", "https://a,*");
  }

  @Test
  void imagesAreNamedByRegistryPrefixAndTag(Chart chart) {
    Manifest manifest =
        chart.render(
            "{image: {registry: r.example/team/, repositoryPrefix: s-, tag: '2'}, kv: {image: {tag:"
                + " '3'}}, draft: {image: {repository: mine, digest: 'sha256:"
                + "a".repeat(64)
                + "'}}}");
    assertThat(
            manifest.podSpecs().stream()
                .flatMap(Manifest::containers)
                .map(c -> c.path("image").asString()))
        .contains(
            "r.example/team/s-gateway:2",
            "r.example/team/s-target:2",
            "r.example/team/s-standalone:2",
            "r.example/team/s-kv:3",
            "r.example/team/mine@sha256:" + "a".repeat(64));
  }

  /** Or a laptop could not run the suite, or its pods would compute with a fraction of a thread. */
  @Test
  void lessThanTheCpusCanBeReservedAndTheLimitStays(Chart chart) {
    Manifest manifest = chart.render("target: {resources: {cpuRequest: 100m}}");
    JsonNode target = manifest.container("target").path("resources");
    assertThat(target.at("/requests/cpu").asString()).isEqualTo("100m");
    assertThat(target.at("/limits/cpu").asInt()).isEqualTo(2);
    assertThat(target.at("/requests/memory")).isEqualTo(target.at("/limits/memory"));
    JsonNode draft = manifest.container("draft").path("resources");
    assertThat(draft.path("requests")).isEqualTo(draft.path("limits"));
  }

  @Test
  void theInitContainerFetchesAndTheTargetOnlyReads(Chart chart) {
    Manifest manifest =
        chart.render(
            "model: {reference: 'hf:org/name:Q8_0', pull: {hubEndpoint: 'http://mirror',"
                + " hubTokenSecret: {name: hub, key: t}}}");
    JsonNode pod = manifest.deployment("target").at("/spec/template/spec");
    JsonNode pull = pod.at("/initContainers/0");
    assertThat(stream(pull.path("args")).map(JsonNode::asString))
        .containsExactly("pull", "hf:org/name:Q8_0");
    assertThat(environment(pull))
        .containsEntry("SLIPSTREAM_HOME", "/models")
        .containsEntry("HF_ENDPOINT", "http://mirror");
    assertThat(pull.toString()).contains("\"secretKeyRef\":{\"name\":\"hub\",\"key\":\"t\"}");
    assertThat(mount(pull, "models").path("readOnly").asBoolean(false)).isFalse();
    JsonNode target = manifest.container("target");
    assertThat(mount(target, "models").path("readOnly").asBoolean()).isTrue();
    assertThat(environment(target))
        .containsEntry("SLIPSTREAM_HOME", "/models")
        .containsEntry("SLIPSTREAM_TARGET_MODEL", "hf:org/name:Q8_0")
        .containsEntry("SLIPSTREAM_OFFLINE", "true")
        .containsEntry("SLIPSTREAM_TARGET_CACHEDIRECTORY", "/cache");
    assertThat(manifest.deployment("draft").at("/spec/template/spec").has("initContainers"))
        .as("a draft without a model has nothing to fetch")
        .isFalse();
  }

  private static JsonNode mount(JsonNode container, String volume) {
    return stream(container.path("volumeMounts"))
        .filter(m -> m.path("name").asString().equals(volume))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aClaimOfTheChartsOutlivesItAndAnExistingOneIsNotMadeAgain(Chart chart) {
    JsonNode claim =
        chart
            .render("model: {volume: {type: persistentVolumeClaim}}")
            .only("PersistentVolumeClaim");
    assertThat(claim.at("/metadata/annotations").path("helm.sh/resource-policy").asString())
        .isEqualTo("keep");
    Manifest existing =
        chart.render(
            "model: {volume: {type: persistentVolumeClaim, persistentVolumeClaim: {existingClaim:"
                + " weights}}}");
    assertThat(existing.all("PersistentVolumeClaim")).isEmpty();
    assertThat(existing.deployment("target").toString()).contains("\"claimName\":\"weights\"");
  }

  @Test
  void targetsAreScaledByTheirQueue(Chart chart) {
    Manifest keda =
        chart.render("target: {autoscaling: {mode: keda, queuedRequestsPerReplica: 7}}");
    JsonNode trigger = keda.only("ScaledObject").at("/spec/triggers/0/metadata");
    assertThat(trigger.path("threshold").asString()).isEqualTo("7");
    assertThat(trigger.path("query").asString())
        .isEqualTo(
            "sum(slipstream_num_requests_waiting{namespace=\"inference\",service=\"slip-slipstream-target\"})");
    JsonNode metric =
        chart
            .render("target: {autoscaling: {mode: hpa}}")
            .only("HorizontalPodAutoscaler")
            .at("/spec/metrics/0");
    assertThat(metric.path("type").asString()).as("never CPU").isEqualTo("Pods");
  }

  @Test
  void policiesLetTheGatewayToDraftAndTargetAndTargetsToKv(Chart chart) {
    Manifest manifest = chart.render("networkPolicy: {enabled: true}");
    Map<String, Set<String>> callers =
        Map.of(
            "gateway",
            Set.of(),
            "draft",
            Set.of("gateway"),
            "target",
            Set.of("gateway"),
            "kv",
            Set.of("target"));
    Map<String, Set<String>> callees =
        Map.of(
            "gateway",
            Set.of("draft", "target"),
            "draft",
            Set.of(),
            "target",
            Set.of("kv"),
            "kv",
            Set.of());
    for (JsonNode policy : manifest.all("NetworkPolicy")) {
      assertThat(peers(policy.at("/spec/ingress"), "from"))
          .as("who reaches " + role(policy))
          .isEqualTo(callers.get(role(policy)));
      assertThat(peers(policy.at("/spec/egress"), "to"))
          .as("whom %s reaches", role(policy))
          .isEqualTo(callees.get(role(policy)));
      assertThat(stream(policy.at("/spec/ingress")).filter(r -> !r.has("from")))
          .as("rules for everybody: the gateway's API, and metrics of the others")
          .hasSize(1)
          .allSatisfy(
              rule ->
                  assertThat(stream(rule.path("ports")).map(p -> p.path("port").asString()))
                      .containsExactlyElementsOf(
                          role(policy).equals("gateway")
                              ? List.of("http", "grpc")
                              : List.of("http")));
    }
    assertThat(manifest.all("NetworkPolicy")).hasSize(4);
  }

  /** Or the gateway would be open although there are keys, or a new key would need a restart. */
  @Test
  void theGatewayReadsKeysFromAFolderThatFollowsTheSecret(Chart chart) {
    Manifest manifest = chart.render("apiKeys: {existingSecret: users, key: lines}");
    JsonNode gateway = manifest.container("gateway");
    assertThat(environment(gateway)).containsEntry("SLIPSTREAM_GATEWAY_APIKEYSFILE", "/keys/lines");
    assertThat(mount(gateway, "keys").path("mountPath").asString()).isEqualTo("/keys");
    assertThat(mount(gateway, "keys").has("subPath")).isFalse();
    assertThat(manifest.deployment("target").toString()).doesNotContain("users");
    assertThat(environment(chart.render("").container("gateway")))
        .doesNotContainKey("SLIPSTREAM_GATEWAY_APIKEYSFILE");
  }

  /**
   * Or a service would take calls from strangers, or show no certificate where one is asked for.
   */
  @Test
  void withMutualTlsWhoAnswersAsksForCertificatesAndWhoCallsShowsOne(Chart chart) {
    Manifest manifest =
        chart.render(
            "mutualTls: {enabled: true, certManager: {enabled: true, issuerRef: {name: ca}}}");
    for (String role : Manifest.ROLES) {
      Map<String, String> environment = environment(manifest.container(role));
      if (role.equals("gateway")) {
        assertThat(environment).doesNotContainKey("SPRING_GRPC_SERVER_SSL_CLIENTAUTH");
      } else {
        assertThat(environment)
            .containsEntry("SPRING_GRPC_SERVER_SSL_BUNDLE", "internal")
            .containsEntry("SPRING_GRPC_SERVER_SSL_CLIENTAUTH", "require")
            .containsKey("SPRING_SSL_BUNDLE_PEM_INTERNAL_TRUSTSTORE_CERTIFICATE");
      }
      assertThat(environment.containsKey("SPRING_GRPC_CLIENT_CHANNEL_DEFAULT_SSL_BUNDLE"))
          .as(role + " calls others")
          .isEqualTo(Set.of("gateway", "target").contains(role));
      JsonNode certificate = manifest.named("Certificate", "slip-slipstream-" + role);
      assertThat(certificate.at("/spec/dnsNames/0").asString())
          .isEqualTo("slip-slipstream-" + role);
      assertThat(manifest.deployment(role).toString())
          .contains("\"secretName\":\"" + certificate.at("/spec/secretName").asString() + "\"");
    }
  }

  /** Or the password would be readable in the Deployment, or kv could not reach Redis. */
  @Test
  void kvIsToldOfRedisAndItsPasswordStaysInItsSecret(Chart chart) {
    Manifest manifest =
        chart.render(
            "{kv: {replicas: 3, redis: {enabled: true, cluster: true, uris: ['rediss://a:7000',"
                + " 'rediss://b'], username: kv, passwordSecret: {name: cache, key: pw},"
                + " authoritySecret: {name: cache-ca}}}, networkPolicy: {enabled: true}}");
    JsonNode kv = manifest.container("kv");
    assertThat(environment(kv))
        .containsEntry("SLIPSTREAM_KV_STORAGE", "redis")
        .containsEntry("SLIPSTREAM_KV_REDIS_URIS", "rediss://a:7000,rediss://b")
        .containsEntry("SLIPSTREAM_KV_REDIS_CLUSTER", "true")
        .containsEntry("SLIPSTREAM_KV_REDIS_USERNAME", "kv")
        .containsEntry("SLIPSTREAM_KV_REDIS_SSLBUNDLE", "redis")
        .containsEntry("SPRING_SSL_BUNDLE_PEM_REDIS_TRUSTSTORE_CERTIFICATE", "/redis/ca.crt");
    assertThat(kv.toString()).contains("\"secretKeyRef\":{\"name\":\"cache\",\"key\":\"pw\"}");
    assertThat(mount(kv, "redis").path("mountPath").asString()).isEqualTo("/redis");
    assertThat(manifest.deployment("kv").at("/spec/replicas").asInt()).isEqualTo(3);
    assertThat(
            stream(manifest.named("NetworkPolicy", "slip-slipstream-kv").at("/spec/egress"))
                .filter(rule -> !rule.has("to"))
                .flatMap(rule -> stream(rule.path("ports")))
                .map(port -> port.path("port").asInt()))
        .containsExactlyInAnyOrder(53, 53, 7000, 6379);
    assertThat(environment(chart.render("").container("kv")))
        .doesNotContainKeys("SLIPSTREAM_KV_STORAGE", "SLIPSTREAM_KV_REDIS_URIS");
  }

  private static Set<String> peers(JsonNode rules, String direction) {
    return stream(rules)
        .flatMap(rule -> stream(rule.path(direction)))
        .map(p -> p.at("/podSelector/matchLabels").path("app.kubernetes.io/component").asString())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Or a pod's figures would be counted twice, or not at all. */
  @Test
  void everyPodIsScrapedOnce(Chart chart) {
    Manifest manifest = chart.render("serviceMonitor: {enabled: true}");
    JsonNode monitor = manifest.only("ServiceMonitor");
    String port = monitor.at("/spec/endpoints/0/port").asString();
    assertThat(
            manifest.all("Service").stream()
                .filter(
                    s ->
                        Manifest.selects(
                            monitor.at("/spec/selector/matchLabels"), s.at("/metadata/labels")))
                .filter(
                    s ->
                        stream(s.at("/spec/ports"))
                            .anyMatch(p -> p.path("name").asString().equals(port)))
                .map(Manifest::role))
        .containsExactlyInAnyOrderElementsOf(Manifest.ROLES);
  }

  @Test
  void podsOfARevisionAreSpreadOverNodes(Chart chart) {
    JsonNode spread =
        chart.render("").deployment("target").at("/spec/template/spec/topologySpreadConstraints/0");
    assertThat(spread.path("topologyKey").asString()).isEqualTo("kubernetes.io/hostname");
    assertThat(chart.render("").selected(spread.at("/labelSelector/matchLabels")))
        .containsExactly(chart.render("").deployment("target"));
    assertThat(spread.at("/matchLabelKeys/0").asString()).isEqualTo("pod-template-hash");
  }

  @Test
  void onAppleSiliconKvAndDraftGoToItsNodesAndTheOthersRatherNot(Chart chart) {
    Manifest manifest = chart.render("apple-silicon", "");
    for (String role : List.of("draft", "kv")) {
      JsonNode pod = manifest.deployment(role).at("/spec/template/spec");
      assertThat(pod.path("nodeSelector").path("kubernetes.io/arch").asString()).isEqualTo("arm64");
      assertThat(pod.path("nodeSelector").path("slipstream.dev/apple-silicon").asString())
          .isEqualTo("true");
      assertThat(pod.at("/tolerations/0/key").asString()).isEqualTo("slipstream.dev/apple-silicon");
    }
    for (String role : List.of("gateway", "target")) {
      JsonNode pod = manifest.deployment(role).at("/spec/template/spec");
      assertThat(pod.has("nodeSelector")).isFalse();
      assertThat(pod.at("/affinity/nodeAffinity").toString())
          .contains("slipstream.dev/apple-silicon");
    }
  }

  /** What a schema cannot see. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "target: {terminationGracePeriodSeconds: 60} | answers would be cut",
        "gateway: {drainSeconds: 60, terminationGracePeriodSeconds: 100} | answers would be cut",
        "model: {pull: {enabled: false}} | empty when a pod starts",
        "model: {reference: 'file:/models/a.gguf'} | cannot be pulled",
        "model: {volume: {type: hostPath}} | must name a folder",
        "gateway: {strategy: {maxSurge: 0}} | no pod could ever be replaced",
        "gateway: {autoscaling: {enabled: true, minReplicas: 9}} | is below minReplicas",
        "gatewayApi: {httpRoute: {enabled: true}} | must name a Gateway",
        "kv: {replicas: 2} | would not share them",
        "kv: {redis: {enabled: true}} | must name a server",
        "kv: {redis: {enabled: true, uris: ['redis://a', 'redis://b']}} | set kv.redis.cluster",
        "kv: {redis: {enabled: true, uris: ['redis://a'], username: kv}} | needs a password",
        "kv: {redis: {enabled: true, uris: ['redis://a'], authoritySecret: {name: ca}}} | rediss://",
        "mutualTls: {enabled: true} | must name a secret",
        "mutualTls: {enabled: true, certManager: {enabled: true}} | must name an issuer",
      })
  void valuesThatContradictOneAnotherAreRefused(String values, String reason, Chart chart) {
    assertThatThrownBy(() -> chart.render(values))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(reason);
  }

  /** Or the first command that a user copies would fail. */
  @Test
  void theNotesNameTheServiceItsPortAndABodyThatAShellPassesOn(Chart chart) {
    String notes =
        chart.notes(
            """
            gateway: {service: {httpPort: 80}}
            tests: {question: "What's \\"draft\\" ?"}
            """);
    assertThat(notes)
        .contains("--namespace inference port-forward service/slip-slipstream-gateway 8080:80 &")
        .contains("\"content\": \"What'\\''s \\\"draft\\\" ?\"}");
  }

  @Test
  void objectsAreNamedAfterTheRelease(Chart chart) {
    assertThat(chart.render("").objects())
        .allSatisfy(o -> assertThat(name(o)).startsWith("slip-slipstream"));
    assertThat(chart.render("fullnameOverride: short").objects())
        .allSatisfy(o -> assertThat(name(o)).startsWith("short"));
  }
}
