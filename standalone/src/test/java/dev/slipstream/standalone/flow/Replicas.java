package dev.slipstream.standalone.flow;

import static org.awaitility.Awaitility.await;

import dev.slipstream.draft.DraftApplication;
import dev.slipstream.gateway.GatewayApplication;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.standalone.suite.SuiteSettings;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A gateway and a draft service in this JVM, in front of two targets in processes of their own. */
final class Replicas implements AutoCloseable {
  private final List<TargetProcess> processes;
  private final ConfigurableApplicationContext draft;
  private final ConfigurableApplicationContext gateway;
  private final ManagedChannel channel;

  Replicas(Path home) throws IOException, InterruptedException {
    SuiteSettings settings = Flow.settings(home, Map.of());
    // Answers that take longer than this are for another target to finish.
    Map<String, String> hurry = Map.of("slipstream.target.drain-limit", "200ms");
    processes =
        List.of(
            new TargetProcess(settings, hurry, home.resolve("first.log")),
            new TargetProcess(settings, hurry, home.resolve("second.log")));
    String name = "replicas-" + UUID.randomUUID();
    draft = start(DraftApplication.class, name + "-draft", List.of());
    gateway =
        start(
            GatewayApplication.class,
            name,
            List.of(
                "--slipstream.gateway.targets="
                    + processes.stream()
                        .map(TargetProcess::address)
                        .collect(Collectors.joining(",")),
                "--slipstream.gateway.drafts=in-process:" + name + "-draft",
                "--slipstream.gateway.failover.heartbeat=200ms",
                "--slipstream.gateway.failover.silence=5s",
                // A busy machine restarts a target slowly.
                "--slipstream.gateway.failover.patience=4m"));
    channel = InProcessChannelBuilder.forName(name).build();
    awaitUp();
  }

  private static ConfigurableApplicationContext start(
      Class<?> application, String name, List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(
        List.of(
            "--server.port=0",
            "--spring.main.banner-mode=off",
            "--spring.grpc.server.port=0",
            "--spring.grpc.server.inprocess.name=" + name));
    return new SpringApplicationBuilder(application)
        .web(WebApplicationType.NONE)
        .registerShutdownHook(false)
        .logStartupInfo(false)
        .run(all.toArray(String[]::new));
  }

  ManagedChannel channel() {
    return channel;
  }

  List<TargetProcess> processes() {
    return processes;
  }

  List<TargetEndpoint> endpoints() {
    return gateway.getBean(Targets.class).endpoints();
  }

  /** Waits until the gateway can use both targets. */
  void awaitUp() {
    await()
        .atMost(Flow.PATIENCE)
        .until(() -> endpoints().stream().allMatch(e -> e.model().isPresent()));
  }

  /** The target with the most streams, and how many that are. */
  Busiest busiest() {
    TargetEndpoint busiest =
        endpoints().stream().max(Comparator.comparingInt(TargetEndpoint::inFlight)).orElseThrow();
    TargetProcess process =
        processes.stream()
            .filter(p -> p.address().equals(busiest.name()))
            .findFirst()
            .orElseThrow();
    return new Busiest(process, busiest.inFlight());
  }

  record Busiest(TargetProcess process, int streams) {}

  @Override
  public void close() {
    channel.shutdownNow();
    gateway.close();
    draft.close();
    processes.forEach(TargetProcess::close);
  }
}
