package dev.slipstream.system.cluster;

import static org.awaitility.Awaitility.await;

import dev.slipstream.system.Gateway;
import dev.slipstream.system.Hub;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** The chart, installed. Its name is the namespace's. */
final class Release {
  static final Map<String, Integer> HTTP_PORTS =
      Map.of("gateway", 8080, "draft", 8081, "target", 8082, "kv", 8083);

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** All that differs from the defaults: less memory, and CPUs that need not be there. */
  private static final String VALUES =
      """
      image: {registry: "%s", tag: "%s"}
      model:
        reference: %s
        pull:
          hubEndpoint: %s
          resources: {cpu: 1, cpuRequest: 10m, memory: 512Mi}
      gateway:
        service: {type: NodePort}
        resources: {cpu: 1, cpuRequest: 100m, memory: 768Mi}
      draft:
        resources: {cpu: 1, cpuRequest: 10m, memory: 768Mi}
      target:
        resources: {cpu: 1, cpuRequest: 100m, memory: 1Gi}
        config: {kvCache: {size: 128MB}}
      kv:
        resources: {cpu: 1, cpuRequest: 10m, memory: 768Mi}
        config: {memory: {capacity: 128MB}}
      tests:
        resources: {cpu: 1, cpuRequest: 10m, memory: 512Mi}
      """;

  private final Namespace namespace;
  private final Path values;

  private Release(Namespace namespace, Path values) {
    this.namespace = namespace;
    this.values = values;
  }

  /** One pod. */
  record Pod(String name, String node, boolean ready, boolean leaving) {
    private static Pod of(JsonNode pod) {
      return new Pod(
          pod.at("/metadata/name").asString(),
          pod.at("/spec/nodeName").asString(""),
          stream(pod.at("/status/conditions"))
              .anyMatch(
                  c ->
                      c.path("type").asString().equals("Ready")
                          && c.path("status").asString().equals("True")),
          pod.at("/metadata").has("deletionTimestamp"));
    }
  }

  static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  static Path chart() {
    return Path.of(System.getProperty("slipstream.repository"), "helm", "slipstream");
  }

  /** Installs it and waits until all of it is ready. */
  static Release install(Namespace namespace, Images images)
      throws IOException, InterruptedException {
    Path values = Files.createTempFile("slipstream-values", ".yaml");
    Files.writeString(
        values, VALUES.formatted(images.registry(), images.tag(), Hub.REFERENCE, Hub.ENDPOINT));
    Release release = new Release(namespace, values);
    release.helm("install", chart().toString(), "--values=" + values, "--wait", "--timeout=10m");
    return release;
  }

  /** {@code helm upgrade --wait}, with what differs from the installed values. */
  void upgrade(String... settings) throws IOException, InterruptedException {
    List<String> rest =
        new ArrayList<>(List.of(chart().toString(), "--values=" + values, "--wait"));
    rest.add("--timeout=10m");
    Arrays.stream(settings).map(setting -> "--set=" + setting).forEach(rest::add);
    helm("upgrade", rest.toArray(String[]::new));
  }

  void rollback() throws IOException, InterruptedException {
    helm("rollback", "--wait", "--timeout=10m");
  }

  /** What the test pod printed. */
  String test() throws IOException, InterruptedException {
    String result = helm("test", "--timeout=5m");
    return result.lines().filter(line -> line.startsWith("Phase:")).findFirst().orElse(result)
        + "\n"
        + namespace.run("logs", namespace.name() + "-test", "--all-containers");
  }

  int revision() throws IOException, InterruptedException {
    return namespace.get("secrets", "--selector=owner=helm").path("items").size();
  }

  private String helm(String command, String... rest) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(command, namespace.name()));
    all.addAll(Arrays.asList(rest));
    try {
      return namespace.helm().run(all.toArray(String[]::new));
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "\n" + namespace.state(), e);
    }
  }

  String deployment(String role) {
    return "deployment/" + namespace.name() + "-" + role;
  }

  private String selector(String role) {
    return "app.kubernetes.io/instance="
        + namespace.name()
        + ",app.kubernetes.io/component="
        + role;
  }

  /** All pods of a role, those that are going too. */
  List<Pod> pods(String role) throws IOException, InterruptedException {
    return stream(namespace.get("pods", "--selector=" + selector(role)).path("items"))
        .map(Pod::of)
        .toList();
  }

  /** Deletes one as {@code kubectl delete pod} does, and does not wait. */
  void delete(Pod pod) throws IOException, InterruptedException {
    namespace.run("delete", "pod", pod.name(), "--wait=false");
  }

  /**
   * Ends the JVM at once. It is the container's first process, which SIGKILL from inside spares.
   */
  void crash(Pod pod, String role) throws IOException, InterruptedException {
    namespace.run("exec", pod.name(), "--container=" + role, "--", "bash", "-c", "kill -SEGV 1");
  }

  /** As {@code kubectl drain} evicts; what the API server answers. */
  Tool.Result evict(Pod pod) throws IOException, InterruptedException {
    String eviction =
        """
        {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "%s", "namespace": "%s"}}
        """
            .formatted(pod.name(), namespace.name());
    return namespace
        .kubectl()
        .attempt(eviction, "create", "--filename=-", "--raw=" + path(pod, "/eviction"));
  }

  /** Drains a node of the pods of a role, as long as the time allows; what kubectl says. */
  Tool.Result drain(String node, String role) throws IOException, InterruptedException {
    return namespace
        .kubectl()
        .attempt(
            "",
            "drain",
            node,
            "--pod-selector=" + selector(role),
            "--delete-emptydir-data",
            "--timeout=90s");
  }

  /** Waits until every pod is ready and none is leaving. */
  void awaitSettled() {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .ignoreExceptions()
        .until(
            () -> {
              for (String role : HTTP_PORTS.keySet()) {
                JsonNode deployment = namespace.get(deployment(role));
                int wanted = deployment.at("/spec/replicas").asInt();
                List<Pod> pods = pods(role);
                if (pods.size() != wanted
                    || !pods.stream().allMatch(p -> p.ready() && !p.leaving())) {
                  return false;
                }
              }
              return true;
            });
  }

  /** A gauge or counter of a pod: its value by a label's values, or by "" for all together. */
  Map<String, Double> metric(Pod pod, String role, String name, String label)
      throws IOException, InterruptedException {
    String text =
        namespace.run(
            "get",
            "--raw",
            path(new Pod(pod.name() + ":" + HTTP_PORTS.get(role), "", true, false), "/proxy")
                + "/actuator/prometheus");
    return Gateway.values(text, name, label);
  }

  private String path(Pod pod, String rest) {
    return "/api/v1/namespaces/" + namespace.name() + "/pods/" + pod.name() + rest;
  }

  /** Where the gateway's Service answers outside of the cluster. */
  URI gateway() throws IOException, InterruptedException {
    JsonNode service = namespace.get("service", namespace.name() + "-gateway");
    int port =
        stream(service.at("/spec/ports"))
            .filter(p -> p.path("name").asString().equals("http"))
            .mapToInt(p -> p.path("nodePort").asInt())
            .findFirst()
            .orElseThrow();
    String node =
        stream(namespace.get("nodes").at("/items/0/status/addresses"))
            .filter(a -> a.path("type").asString().equals("InternalIP"))
            .map(a -> a.path("address").asString())
            .findFirst()
            .orElseThrow();
    return URI.create("http://" + node + ":" + port);
  }
}
