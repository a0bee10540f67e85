package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The stack of docker-compose.yml under a project name and on ports of its own, with the model that
 * {@code slipstream.model} names in its volume.
 */
final class Stack implements AutoCloseable {
  /** For what must happen, on a machine that does much else. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Those that stay; the one that fetches models ends. */
  static final List<String> SERVICES = List.of("kv", "target", "draft", "gateway");

  /** Where a service says how it is, and its figures. */
  private static final Map<String, Integer> HTTP_PORTS =
      Map.of("gateway", 8080, "draft", 8081, "target", 8082, "kv", 8083);

  private final String project;
  private final Docker docker;
  private final List<Path> files = new ArrayList<>();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Stack(String name, List<Path> overrides) {
    project = "slipstream-" + name + "-" + ProcessHandle.current().pid();
    Map<String, String> environment = new HashMap<>();
    environment.put("COMPOSE_PROJECT_NAME", project);
    environment.put("SLIPSTREAM_PORT", "0");
    environment.put("SLIPSTREAM_GRPC_PORT", "0");
    environment.put("SLIPSTREAM_OFFLINE", "true");
    environment.put("SLIPSTREAM_TARGET_THREADS", "1");
    docker = new Docker(environment);
    files.add(Path.of(System.getProperty("slipstream.repository"), "docker-compose.yml"));
    files.addAll(overrides);
  }

  /**
   * Starts it and waits until all of it is ready.
   *
   * @param name tells it from other stacks of this test run
   * @param overrides further compose files
   */
  static Stack up(String name, Path... overrides) throws IOException, InterruptedException {
    Stack stack = new Stack(name, List.of(overrides));
    try {
      stack.fillVolume(Path.of(System.getProperty("slipstream.model")));
      // Not --wait: it gives up at the first check that fails, as they do on a busy machine.
      // The gateway depends on all others, but not on what a test adds.
      stack.compose("up", "--detach", "gateway");
      stack.restore();
      return stack;
    } catch (IOException | RuntimeException | Error e) {
      stack.close();
      throw e;
    }
  }

  /** As the service that fetches models would leave it. */
  private void fillVolume(Path model) throws IOException, InterruptedException {
    Path home = model.getParent().getParent().getParent();
    docker.send(
        home,
        home.relativize(model).toString(),
        command("run", "--rm", "-T", "--entrypoint", "tar", "models", "-C", "/models", "-x"));
  }

  private List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(List.of("compose"));
    files.forEach(file -> command.addAll(List.of("--file", file.toString())));
    command.addAll(List.of(arguments));
    return command;
  }

  String compose(String... arguments) throws IOException, InterruptedException {
    return docker.run(command(arguments));
  }

  Docker docker() {
    return docker;
  }

  Gateway gateway() throws IOException, InterruptedException {
    return gateway("gateway");
  }

  /** The gateway that a service of this name is. */
  Gateway gateway(String service) throws IOException, InterruptedException {
    String address = compose("port", service, "8080");
    return new Gateway(client, URI.create("http://" + address), Optional.empty());
  }

  /** Ids of a service's containers, stopped ones too. */
  List<String> containers(String service) throws IOException, InterruptedException {
    return compose("ps", "--all", "--quiet", service).lines().toList();
  }

  /** The network between the services. */
  String network() {
    return project + "_services";
  }

  /** Starts what was stopped and waits until all is ready, and the gateway knows it. */
  void restore() throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    for (String service : SERVICES) {
      all.addAll(containers(service));
    }
    List<String> start = new ArrayList<>(List.of("start"));
    start.addAll(all);
    docker.run(start);
    all.forEach(this::awaitHealthy);
    awaitTargets();
  }

  /** Waits until the gateway has all targets in rotation, at the addresses that they have now. */
  void awaitTargets() throws IOException, InterruptedException {
    Gateway gateway = gateway();
    Set<String> addresses = targets().keySet();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              Map<String, Double> up = gateway.metric("slipstream_target_up", "target");
              assertThat(up.keySet()).isEqualTo(addresses);
              assertThat(up.values()).containsOnly(1.0);
            });
  }

  /** The targets' containers by the addresses that the gateway knows them by. */
  Map<String, String> targets() throws IOException, InterruptedException {
    Map<String, String> targets = new TreeMap<>();
    for (String target : containers("target")) {
      String format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
      targets.put(docker.run("inspect", "--format", format, target) + ":9092", target);
    }
    return targets;
  }

  /** A gauge or counter that a container of a service says itself, summed over its labels. */
  double metric(String service, String container, String name)
      throws IOException, InterruptedException {
    String script =
        "exec 3<>/dev/tcp/127.0.0.1/%d; printf 'GET /actuator/prometheus HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
            .formatted(HTTP_PORTS.get(service));
    String metrics = docker.run("exec", container, "bash", "-c", script);
    return Gateway.values(metrics, name, "").values().stream().mapToDouble(v -> v).sum();
  }

  /** {@link #metric} summed over all containers of the service. */
  double metric(String service, String name) throws IOException, InterruptedException {
    double sum = 0;
    for (String container : containers(service)) {
      sum += metric(service, container, name);
    }
    return sum;
  }

  /** Has every service's JVM drop what nobody needs, so that what is left can be compared. */
  void collectGarbage() throws IOException, InterruptedException {
    for (String service : HTTP_PORTS.keySet()) {
      for (String container : containers(service)) {
        docker.run("exec", container, "/opt/java/bin/jcmd", "1", "GC.run");
      }
    }
  }

  /** Waits until a container's health check is content. */
  void awaitHealthy(String container) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(docker.run("inspect", "--format", "{{.State.Health.Status}}", container))
                    .isEqualTo("healthy"));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    client.close();
    compose("down", "--volumes", "--timeout", "40", "--remove-orphans");
  }
}
