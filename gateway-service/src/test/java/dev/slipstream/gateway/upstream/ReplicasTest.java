package dev.slipstream.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.application.EndpointMetrics;
import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.proto.v1.DecodeResponse;
import dev.slipstream.proto.v1.DecodeStart;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A user who scales targets or drafts under one host name expects all of them to work. One channel
 * for the name would keep all streams on one of them.
 */
@Tag("suite")
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
  void whoWatchesHearsOfReplicasThatComeAndGo() {
    var endpoints = endpoints("static://other:1", NAME);
    addresses = List.of("10.0.0.1");
    endpoints.refresh();
    List<String> heard = new ArrayList<>();
    endpoints.watch(
        endpoint -> {
          heard.add("+" + endpoint);
          return () -> heard.add("-" + endpoint);
        });
    assertThat(heard).containsExactly("+static://other:1", "+10.0.0.1:9092");
    heard.clear();
    endpoints.refresh();
    assertThat(heard).isEmpty();
    addresses = List.of("10.0.0.2");
    endpoints.refresh();
    assertThat(heard).containsExactlyInAnyOrder("-10.0.0.1:9092", "+10.0.0.2:9092");
  }

  @Test
  void allTargetsOfANameShareTheWork() {
    try (FakeTarget first = FakeTarget.start();
        FakeTarget second = FakeTarget.start()) {
      addresses = List.of("10.0.0.1", "10.0.0.2");
      try (Targets targets = targets(Bench.HEARTBEAT, first, second)) {
        Set<TargetEndpoint> tried = new HashSet<>();
        Bench.await()
            .untilAsserted(
                () -> {
                  tried.clear();
                  UpstreamModel model = targets.models().get(FakeTarget.MODEL);
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

  /** Or an operator would see a replica as down for ever that has left on purpose. */
  @Test
  void metricsOfAReplicaLeaveWithIt() {
    try (FakeTarget first = FakeTarget.start();
        FakeTarget second = FakeTarget.start();
        Targets targets = targets(Bench.HEARTBEAT, first, second);
        Drafts drafts = new Drafts(List.of(NAME), this::open, this::resolve)) {
      SimpleMeterRegistry registry = new SimpleMeterRegistry();
      new EndpointMetrics(targets, drafts).bindTo(registry);
      assertThat(registry.getMeters()).isEmpty();
      for (List<String> now : List.of(List.of("10.0.0.1", "10.0.0.2"), List.of("10.0.0.2"))) {
        addresses = now;
        Set<String> names = now.stream().map(a -> a + ":9092").collect(Collectors.toSet());
        Bench.await()
            .untilAsserted(
                () -> {
                  assertThat(tags(registry, "target")).isEqualTo(names);
                  assertThat(tags(registry, "draft")).isEqualTo(names);
                });
      }
    }
  }

  private static Set<String> tags(MeterRegistry registry, String key) {
    return registry.getMeters().stream()
        .map(meter -> meter.getId().getTag(key))
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }

  /** Its machine may be lost while it ends its answers; they would wait for it for ever. */
  @Test
  void aReplicaThatHasLeftIsWatchedUntilItsStreamsAreOver() {
    try (FakeTarget first = FakeTarget.start();
        FakeTarget second = FakeTarget.start();
        Targets targets =
            targets(new Heartbeat(Duration.ofMillis(20), Duration.ofMillis(500)), first, second)) {
      addresses = List.of("10.0.0.1");
      Bench.await().until(() -> !targets.models().isEmpty());
      UpstreamModel model = targets.models().get(FakeTarget.MODEL);
      TargetEndpoint replica = targets.select(model, new int[1], Set.of()).orElseThrow();
      CompletableFuture<Void> silent = new CompletableFuture<>();
      TargetStream stream = stream(replica, silent);
      FakeDecode decode = first.next();

      addresses = List.of("10.0.0.2");
      Bench.await()
          .until(
              () ->
                  targets
                      .select(model, new int[1], Set.of())
                      .filter(endpoint -> endpoint != replica)
                      .isPresent());
      first.mute();
      Bench.await().until(silent::isDone);
      assertThat(channels.getFirst().isShutdown()).isFalse();
      stream.cancel("moved");
      decode.awaitCancel();
      assertThat(channels.getFirst().isShutdown()).isTrue();
      first.unmute();
    }
  }

  private static TargetStream stream(TargetEndpoint replica, CompletableFuture<Void> silent) {
    return replica.decode(
        () -> DecodeStart.newBuilder().addPrompt(1).build(),
        Deadline.after(10, TimeUnit.MINUTES),
        new TargetStream.Listener() {
          @Override
          public void received(DecodeResponse response) {}

          @Override
          public void failed(StatusRuntimeException failure, Optional<Accusation> accusation) {}

          @Override
          public void silent() {
            silent.complete(null);
          }
        });
  }

  /** The one at 10.0.0.1 and the one at 10.0.0.2. */
  private Targets targets(Heartbeat heartbeat, FakeTarget first, FakeTarget second) {
    Map<String, FakeTarget> byTarget =
        Map.of("dns:///10.0.0.1:9092", first, "dns:///10.0.0.2:9092", second);
    return new Targets(
        List.of(NAME),
        (target, authority) -> remembered(byTarget.get(target).address().split(":")[1]),
        new TargetSelector(),
        heartbeat,
        this::resolve);
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
