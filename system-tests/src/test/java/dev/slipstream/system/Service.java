package dev.slipstream.system;

import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.MemoryStatsConfig;
import com.github.dockerjava.api.model.Statistics;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * A container of one of the suite's images, with the limits that docker-compose.yml gives it. It
 * lives through what tests do to it, so ports and addresses are looked up anew each time.
 */
final class Service extends GenericContainer<Service> {
  /**
   * @param port where it says how it is, and its figures
   */
  private record Role(int port, int mebibytes) {}

  private static final Map<String, Role> ROLES =
      Map.of(
          "gateway", new Role(8080, 640),
          "draft", new Role(8081, 768),
          "target", new Role(8082, 2048),
          "kv", new Role(8083, 1024));

  /** Testcontainers' own asks without a pause, and waits in vain for one that has ended. */
  static final class Healthy extends AbstractWaitStrategy {
    @Override
    protected void waitUntilReady() {
      await()
          .atMost(Stack.PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .failFast("it has ended", () -> !waitStrategyTarget.isRunning())
          .until(waitStrategyTarget::isHealthy);
    }
  }

  private static final long MEBIBYTE = 1 << 20;
  private static final int SECONDS_TO_END = 40;

  private final String name;
  private final Role role;

  /**
   * @param role gateway, draft, target or kv; others reach it by this name
   */
  Service(String role) {
    this(role, role);
  }

  /**
   * @param name that others reach it by
   */
  Service(String role, String name) {
    super(image(role));
    this.name = name;
    this.role = ROLES.get(role);
    withImagePullPolicy(image -> false);
    withLabels(Leftovers.labels());
    withNetworkAliases(name);
    withExposedPorts(this.role.port());
    withTmpFs(Map.of("/tmp", "size=64m,mode=1777"));
    withCreateContainerCmdModifier(
        create ->
            create
                .getHostConfig()
                .withReadonlyRootfs(true)
                .withCapDrop(Capability.ALL)
                .withSecurityOpts(List.of("no-new-privileges:true"))
                .withPidsLimit(512L)
                .withMemory(this.role.mebibytes() * MEBIBYTE));
    waitingFor(new Healthy());
  }

  /** The image under test of this name. */
  static String image(String name) {
    String tag = Optional.ofNullable(System.getenv("SLIPSTREAM_TAG")).orElse("latest");
    return "slipstream-" + name + ":" + tag;
  }

  String name() {
    return name;
  }

  @Override
  public InspectContainerResponse getContainerInfo() {
    return getCurrentContainerInfo();
  }

  /** Where its HTTP port answers outside of the network. */
  URI http() {
    return URI.create("http://" + getHost() + ":" + getMappedPort(role.port()));
  }

  /** Its address in the network. */
  String address() {
    return network().getIpAddress();
  }

  private ContainerNetwork network() {
    return getContainerInfo().getNetworkSettings().getNetworks().values().iterator().next();
  }

  /**
   * @param signal such as KILL
   */
  Service signal(String signal) {
    getDockerClient().killContainerCmd(getContainerId()).withSignal(signal).exec();
    return this;
  }

  /** By a signal: on a busy machine the engine's own pause gives up on a process that computes. */
  Service pause() {
    return signal("STOP");
  }

  Service unpause() {
    return signal("CONT");
  }

  /** Ends it as an orchestrator does, and starts it again; does not wait until it is ready. */
  void restart() {
    getDockerClient().restartContainerCmd(getContainerId()).withTimeout(SECONDS_TO_END).exec();
  }

  /** Takes it out of its network, and with it all connections. */
  Service cutOff() {
    getDockerClient()
        .disconnectFromNetworkCmd()
        .withContainerId(getContainerId())
        .withNetworkId(getNetwork().getId())
        .exec();
    return this;
  }

  /** Undoes {@link #cutOff}. */
  Service reconnect() {
    getDockerClient()
        .connectToNetworkCmd()
        .withContainerId(getContainerId())
        .withNetworkId(getNetwork().getId())
        .withContainerNetwork(new ContainerNetwork().withAliases(name))
        .exec();
    return this;
  }

  /** Starts it again if it has ended, and waits until it is ready. */
  void restore() {
    if (!isRunning()) {
      getDockerClient().startContainerCmd(getContainerId()).exec();
    }
    waitUntilContainerStarted();
  }

  /** A gauge or counter of its own, summed over its labels. */
  double metric(String metric) throws IOException {
    try (InputStream metrics = http().resolve("/actuator/prometheus").toURL().openStream()) {
      String text = new String(metrics.readAllBytes(), StandardCharsets.UTF_8);
      return Gateway.values(text, metric, "").values().stream().mapToDouble(v -> v).sum();
    }
  }

  /** Has the JVM drop what nobody needs, so that what is left can be compared. */
  void collectGarbage() throws IOException, InterruptedException {
    execInContainer("/opt/java/bin/jcmd", "1", "GC.run");
  }

  /** Memory in use, in MiB, as {@code docker stats} shows it to operators. */
  double mebibytes() throws IOException, InterruptedException {
    List<Statistics> statistics = new ArrayList<>();
    var callback =
        new ResultCallback.Adapter<Statistics>() {
          @Override
          public void onNext(Statistics current) {
            statistics.add(current);
          }
        };
    getDockerClient()
        .statsCmd(getContainerId())
        .withNoStream(true)
        .exec(callback)
        .awaitCompletion();
    MemoryStatsConfig memory = statistics.getFirst().getMemoryStats();
    return (double) (memory.getUsage() - memory.getStats().getInactiveFile()) / MEBIBYTE;
  }
}
