package dev.slipstream.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.fake.FakeTarget;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A user who scales targets or drafts under one host name expects all of them to work. One channel
 * for the name would keep all streams on one of them.
 */
class ReplicasTest {
  private static final String NAME = "dns:///target:9092";

  private final List<String> opened = new ArrayList<>();
  private final List<String> retired = new ArrayList<>();
  private final List<ManagedChannel> channels = new CopyOnWriteArrayList<>();
  private volatile List<String> addresses = List.of();

  @AfterEach
  void closeChannels() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  @Test
  void everyAddressOfANameIsAnEndpoint() {
    var endpoints = endpoints("static://other:1", NAME);
    addresses = List.of("10.0.0.2", "10.0.0.1");
    endpoints.refresh();
    assertThat(endpoints.all())
        .containsExactly("static://other:1", "10.0.0.1:9092", "10.0.0.2:9092");
    assertThat(opened)
        .containsExactly(
            "static://other:1 as itself",
            "dns:///10.0.0.1:9092 as target:9092",
            "dns:///10.0.0.2:9092 as target:9092");
  }

  @Test
  void replicasComeAndGo() {
    var endpoints = endpoints(NAME);
    addresses = List.of("10.0.0.1", "10.0.0.2");
    endpoints.refresh();
    addresses = List.of("10.0.0.2", "10.0.0.3");
    endpoints.refresh();
    assertThat(endpoints.all()).containsExactly("10.0.0.2:9092", "10.0.0.3:9092");
    assertThat(retired).containsExactly("10.0.0.1:9092");
    assertThat(opened).as("the one that stayed keeps its connection").hasSize(3);
  }

  @Test
  void anOutageOfDnsIsNoOutageOfTheReplicas() {
    var endpoints = endpoints(NAME);
    assertThat(endpoints.unresolved()).containsExactly(NAME);
    endpoints.refresh();
    assertThat(endpoints.unresolved()).containsExactly(NAME);
    addresses = List.of("10.0.0.1");
    endpoints.refresh();
    addresses = List.of();
    endpoints.refresh();
    assertThat(endpoints.all()).containsExactly("10.0.0.1:9092");
    assertThat(endpoints.unresolved()).isEmpty();
    assertThat(retired).isEmpty();
  }

  @Test
  void aReplicaWithTwoFamiliesOfAddressesCountsOnce() {
    var endpoints = endpoints(NAME);
    addresses = List.of("fd00::1", "10.0.0.1");
    endpoints.refresh();
    assertThat(endpoints.all()).containsExactly("10.0.0.1:9092");
    addresses = List.of("fd00::1");
    endpoints.refresh();
    assertThat(opened).last().isEqualTo("dns:///[fd00:0:0:0:0:0:0:1]:9092 as target:9092");
  }

  @Test
  void namesThatGrpcResolvesInItsOwnWayAreLeftToIt() {
    List<String> names =
        List.of(
            "static://host:1", "in-process:name", "dns://8.8.8.8/host:1", "dns:///[::1]:1", "a:1");
    assertThat(endpoints(names.toArray(String[]::new)).all()).isEqualTo(names);
  }

  @Test
  void allTargetsOfANameShareTheWork() {
    try (FakeTarget first = FakeTarget.start();
        FakeTarget second = FakeTarget.start()) {
      addresses = List.of("10.0.0.1", "10.0.0.2");
      Map<String, FakeTarget> byTarget =
          Map.of("dns:///10.0.0.1:9092", first, "dns:///10.0.0.2:9092", second);
      Channels inProcess =
          (target, authority) -> remembered(byTarget.get(target).address().split(":")[1]);
      try (Targets targets =
          new Targets(List.of(NAME), inProcess, TargetSelector.leastInFlight(), this::resolve)) {
        Set<TargetEndpoint> tried = new HashSet<>();
        await()
            .untilAsserted(
                () -> {
                  tried.clear();
                  ServedModel model = targets.models().get(FakeTarget.MODEL);
                  assertThat(model).isNotNull();
                  targets.select(model, new int[1], tried).ifPresent(tried::add);
                  targets.select(model, new int[1], tried).ifPresent(tried::add);
                  assertThat(tried).hasSize(2);
                });
        assertThat(tried)
            .extracting(TargetEndpoint::name)
            .containsExactlyInAnyOrder("10.0.0.1:9092", "10.0.0.2:9092");
      }
    }
  }

  private Endpoints<String> endpoints(String... names) {
    return new Endpoints<>(
        List.of(names), this::open, (name, channel) -> name, retired::add, this::resolve);
  }

  private ManagedChannel open(String target, Optional<String> authority) {
    opened.add(target + " as " + authority.orElse("itself"));
    return remembered("nobody");
  }

  private ManagedChannel remembered(String inProcessName) {
    ManagedChannel channel = InProcessChannelBuilder.forName(inProcessName).build();
    channels.add(channel);
    return channel;
  }

  private List<InetAddress> resolve(String host) throws UnknownHostException {
    assertThat(host).isEqualTo("target");
    if (addresses.isEmpty()) {
      throw new UnknownHostException(host);
    }
    List<InetAddress> found = new ArrayList<>();
    for (String address : addresses) {
      found.add(InetAddress.getByName(address));
    }
    return found;
  }
}
