package dev.slipstream.standalone.suite;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The four services as processes on this host that talk gRPC over the loopback interface: the suite
 * as it is deployed, without a container engine.
 */
public final class ProcessSuite implements Suite {

  private static final String LOOPBACK = "127.0.0.1";
  private static final Duration DRAIN = Duration.ofSeconds(30);
  private static final Duration ABANDONED = Duration.ofMillis(600);

  /**
   * Where a service listens.
   *
   * @param http for health and metrics; of the gateway also for its API
   */
  private record Ports(int grpc, int http) {}

  private final SuiteSettings.Network network;
  private final Map<Service, Ports> ports = new EnumMap<>(Service.class);
  private final Map<Service, ManagedProcess> processes = new EnumMap<>(Service.class);

  private ProcessSuite(SuiteSettings.Network network) {
    this.network = network;
  }

  /**
   * Starts the processes; {@code messages} hears of their ids and ports, and of ends and restarts.
   *
   * @throws IllegalArgumentException if the settings have no network
   */
  public static ProcessSuite start(SuiteSettings settings, Consumer<String> messages)
      throws IOException {
    SuiteSettings.Network network =
        settings
            .network()
            .orElseThrow(() -> new IllegalArgumentException("Processes need a network."));
    ProcessSuite suite = new ProcessSuite(network);
    suite.choosePorts();
    Executables executables = Executables.ofLauncher();
    ServiceProperties properties = new ServiceProperties(settings);
    Path logs = Files.createDirectories(settings.cache().logs());
    try {
      for (Service service : Service.values()) {
        String name = service.name().toLowerCase(Locale.ROOT);
        var arguments = properties.arguments(service, suite.own(service), suite.targets());
        Path log = logs.resolve(name + "-" + ProcessHandle.current().pid() + ".log");
        var process =
            new ManagedProcess(
                name, executables.command(service, arguments, System.getenv()), log, messages);
        suite.processes.put(service, process);
        Ports at = suite.at(service);
        messages.accept(
            "%-8s pid %-8d gRPC %-6d HTTP %-6d log %s"
                .formatted(name, process.pid(), at.grpc(), at.http(), log));
      }
      return suite;
    } catch (IOException | RuntimeException | Error e) {
      suite.abandon();
      throw e;
    }
  }

  private void choosePorts() throws IOException {
    for (Service service : Service.values()) {
      boolean gateway = service == Service.GATEWAY;
      int grpc = gateway && network.grpcPort() != 0 ? network.grpcPort() : freePort();
      int http = gateway && network.httpPort() != 0 ? network.httpPort() : freePort();
      ports.put(service, new Ports(grpc, http));
    }
  }

  /** Where it listens; the ports have been chosen before anything starts. */
  private Ports at(Service service) {
    return Optional.ofNullable(ports.get(service)).orElseThrow();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(LOOPBACK))) {
      return socket.getLocalPort();
    }
  }

  private Map<String, String> own(Service service) {
    String host = service == Service.GATEWAY ? network.host() : LOOPBACK;
    Ports at = at(service);
    return Map.of(
        "server.address",
        host,
        "server.port",
        Integer.toString(at.http()),
        "spring.grpc.server.address",
        host,
        "spring.grpc.server.port",
        Integer.toString(at.grpc()));
  }

  private Map<Service, String> targets() {
    Map<Service, String> targets = new EnumMap<>(Service.class);
    ports.forEach((service, at) -> targets.put(service, "static://" + LOOPBACK + ":" + at.grpc()));
    return targets;
  }

  /** Process id of a service; another one after a restart. */
  public long pid(Service service) {
    return Optional.ofNullable(processes.get(service)).orElseThrow().pid();
  }

  @Override
  public ManagedChannel gateway() {
    return Grpc.newChannelBuilderForAddress(
            network.reachableHost(),
            at(Service.GATEWAY).grpc(),
            InsecureChannelCredentials.create())
        .build();
  }

  @Override
  public Optional<URI> httpAddress() {
    return Optional.of(network.http("http", at(Service.GATEWAY).http()));
  }

  @Override
  public Optional<String> grpcAddress() {
    return Optional.of(network.grpc(at(Service.GATEWAY).grpc()));
  }

  /** A service that ends before the suite was ever ready will hardly do better the next time. */
  @Override
  public Optional<String> failure() {
    return processes.values().stream().flatMap(process -> process.end().stream()).findFirst();
  }

  @Override
  public void abandon() {
    processes.values().forEach(ManagedProcess::askToEnd);
    processes.values().forEach(process -> process.stop(ABANDONED));
  }

  @Override
  public void close() {
    processes.values().forEach(ManagedProcess::expectEnd);
    // It ends long answers within its own limit, and the gateway lives to say so to their clients.
    Optional.ofNullable(processes.get(Service.TARGET)).ifPresent(ManagedProcess::askToEnd);
    processes.values().forEach(process -> process.stop(DRAIN));
  }
}
