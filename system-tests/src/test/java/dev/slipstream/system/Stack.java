package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.lifecycle.Startable;
import org.testcontainers.lifecycle.Startables;

/**
 * The suite on a network of its own, as docker-compose.yml has it: a kv service, two targets, a
 * draft service and a gateway, and a hub where the targets get the model that {@code
 * slipstream.model} names. What a test wants different it changes before the start.
 */
final class Stack implements Startable {
  /** For what must happen, on a machine that does much else. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Network network = newNetwork();
  private final List<GenericContainer<?>> others = new ArrayList<>();
  private final List<Service> services = new ArrayList<>();
  private final HttpClient client = Gateway.newClient();

  Stack() {
    GenericContainer<?> hub = attach(Hub.ofModel().container());
    add(new Service("kv").withEnv("SLIPSTREAM_KV_MEMORY_CAPACITY", "512MB"));
    add(target(hub));
    add(target(hub));
    add(new Service("draft"));
    add(gateway("gateway"));
  }

  private static Service target(GenericContainer<?> hub) {
    return new Service("target")
        .withEnv("SLIPSTREAM_TARGET_MODEL", Hub.REFERENCE)
        .withEnv("HF_ENDPOINT", Hub.ENDPOINT)
        .withEnv("SLIPSTREAM_TARGET_KV_TARGET", "dns:///kv:9093")
        .withEnv("SLIPSTREAM_TARGET_KV_CACHE_SIZE", "512MB")
        .withEnv("SLIPSTREAM_TARGET_THREADS", "1")
        // Or it would depend on the machine's speed whether an answer can be finished.
        .withEnv("SLIPSTREAM_TARGET_DRAINLIMIT", "2m")
        .withEnv("SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD", "3m")
        .withCreateContainerCmdModifier(create -> create.withVolumes(new Volume("/models")))
        .dependsOn(hub);
  }

  /** A gateway of this name, which can be added. */
  static Service gateway(String name) {
    return new Service("gateway", name)
        .withEnv("SLIPSTREAM_GATEWAY_TARGETS", "dns:///target:9092")
        .withEnv("SLIPSTREAM_GATEWAY_DRAFTS", "dns:///draft:9091");
  }

  static Network newNetwork() {
    return Network.builder()
        .createNetworkCmdModifier(create -> create.withLabels(Leftovers.labels()))
        .build();
  }

  /** Has a service be on the network, and end with it. */
  Service add(Service service) {
    services.add(service.withNetwork(network));
    return service;
  }

  /** Has a container that is none of the suite's be on the network, and end with it. */
  GenericContainer<?> attach(GenericContainer<?> container) {
    others.add(container.withNetwork(network).withLabels(Leftovers.labels()));
    return container;
  }

  void remove(Service service) {
    services.remove(service);
    service.stop();
  }

  /** Starts it and waits until all of it is ready, and the gateway knows it. */
  @Override
  public void start() {
    Leftovers.remove();
    try {
      Startables.deepStart(services).join();
      awaitTargets();
    } catch (RuntimeException | Error e) {
      stop();
      throw e;
    }
  }

  /** Starts what was ended and waits until all is ready, and the gateway knows it. */
  void restore() {
    services.forEach(Service::restore);
    awaitTargets();
  }

  /** All containers. */
  List<Service> containers() {
    return List.copyOf(services);
  }

  /** Those that have this name, ended ones too. */
  List<Service> containers(String name) {
    return services.stream().filter(service -> service.name().equals(name)).toList();
  }

  Gateway gateway() {
    return gateway(containers("gateway").getFirst());
  }

  /** The gateway that a container is. */
  Gateway gateway(Service container) {
    return new Gateway(client, container.http(), Optional.empty());
  }

  /** Waits until the gateway has all targets in rotation, at the addresses that they have now. */
  void awaitTargets() {
    Gateway gateway = gateway();
    Map<String, Service> targets = targets();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              Map<String, Double> up = gateway.metric("slipstream_target_up", "target");
              assertThat(up.keySet()).isEqualTo(targets.keySet());
              assertThat(up.values()).containsOnly(1.0);
            });
  }

  /** The targets by the addresses that the gateway knows them by. */
  Map<String, Service> targets() {
    Map<String, Service> targets = new TreeMap<>();
    containers("target").forEach(target -> targets.put(target.address() + ":9092", target));
    return targets;
  }

  /** A gauge or counter that services of this name have, summed over them and its labels. */
  double metric(String service, String name) throws IOException {
    double sum = 0;
    for (Service container : containers(service)) {
      sum += container.metric(name);
    }
    return sum;
  }

  @Override
  public void stop() {
    client.close();
    services.forEach(Service::stop);
    others.forEach(GenericContainer::stop);
    network.close();
  }
}
