package dev.slipstream.gateway.fake;

import dev.slipstream.gateway.application.Caller;
import dev.slipstream.gateway.application.Defects;
import dev.slipstream.gateway.application.EndpointMetrics;
import dev.slipstream.gateway.application.FairWorkers;
import dev.slipstream.gateway.application.GatewayMetrics;
import dev.slipstream.gateway.application.GenerationService;
import dev.slipstream.gateway.application.GenerationSettings;
import dev.slipstream.gateway.strategy.BestOf;
import dev.slipstream.gateway.strategy.PlainDecoding;
import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.Heartbeat;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.TargetSelector;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.ChatMessage;
import dev.slipstream.proto.v1.ChatPrompt;
import dev.slipstream.proto.v1.GenerateRequest;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * The gateway's use cases, without a network and Spring, in front of services that a test plays.
 */
public final class Bench implements AutoCloseable {
  public static final GenerationSettings SETTINGS =
      new GenerationSettings(
          64, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(1));

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Targets targets;
  private final GenerationService service;

  /** A busy machine is no silent target. */
  public static final Duration PATIENCE = Duration.ofSeconds(20);

  public static final Heartbeat HEARTBEAT = new Heartbeat(Duration.ofMillis(20), PATIENCE);

  public Bench(List<FakeTarget> targets, List<FakeDraft> drafts, GenerationSettings settings) {
    this(targets, drafts, settings, PATIENCE);
  }

  /**
   * @param silence how long a target may take to answer the gateway's own questions, which come
   *     every few milliseconds
   */
  public Bench(
      List<FakeTarget> targets,
      List<FakeDraft> drafts,
      GenerationSettings settings,
      Duration silence) {
    this.targets =
        new Targets(
            targets.stream().map(FakeTarget::address).toList(),
            this::channel,
            new TargetSelector(),
            new Heartbeat(Duration.ofMillis(20), silence));
    Drafts draftServices =
        new Drafts(drafts.stream().map(FakeDraft::address).toList(), this::channel);
    new EndpointMetrics(this.targets, draftServices).bindTo(registry);
    GatewayMetrics metrics = new GatewayMetrics(registry);
    Defects defects = new Defects(metrics);
    this.service =
        new GenerationService(
            this.targets,
            draftServices,
            new FairWorkers(Runnable::run, 1, 64, defects, metrics),
            defects,
            metrics,
            settings,
            List.of(new PlainDecoding(), new BestOf()));
    awaitUp(targets.size());
  }

  private ManagedChannel channel(String address, Optional<String> authority) {
    ManagedChannel channel =
        InProcessChannelBuilder.forName(address.substring("in-process:".length())).build();
    channels.add(channel);
    return channel;
  }

  public Targets targets() {
    return targets;
  }

  /** Waits for what must happen; the limit only ends a test that fails anyway. */
  public static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofMinutes(1)).pollInterval(Duration.ofMillis(2));
  }

  /** Waits until this many targets can be used. */
  public void awaitUp(long count) {
    await()
        .until(
            () -> targets.endpoints().stream().filter(e -> e.model().isPresent()).count() == count);
  }

  public TargetEndpoint endpoint(FakeTarget target) {
    return targets.endpoints().stream()
        .filter(e -> e.name().equals(target.address()))
        .findFirst()
        .orElseThrow();
  }

  public static GenerateRequest.Builder chat(String... messages) {
    ChatPrompt.Builder chat = ChatPrompt.newBuilder();
    for (int i = 0; i < messages.length; i++) {
      chat.addMessages(
          ChatMessage.newBuilder()
              .setRole(i % 2 == 0 ? "user" : "assistant")
              .setContent(messages[i]));
    }
    return GenerateRequest.newBuilder().setModel(FakeTarget.MODEL).setChat(chat);
  }

  public Exchange begin(GenerateRequest.Builder request) {
    return begin(request, Caller.ANYBODY);
  }

  public Exchange begin(GenerateRequest.Builder request, Caller caller) {
    return begin(request, caller, 1, 1);
  }

  /**
   * @param n answers to it
   * @param bestOf of so many
   */
  public Exchange begin(GenerateRequest.Builder request, int n, int bestOf) {
    return begin(request, Caller.ANYBODY, n, bestOf);
  }

  private Exchange begin(GenerateRequest.Builder request, Caller caller, int n, int bestOf) {
    return new Exchange(
        service
            .prepare(request.build(), "", caller)
            .flatMapMany(prepared -> service.answers(prepared, n, bestOf, i -> "test-" + i)));
  }

  public GenerationService service() {
    return service;
  }

  /** The sum of a counter over its labels. */
  public double counter(String name) {
    return Stream.concat(
            registry.find(name).counters().stream().map(counter -> counter.count()),
            registry.find(name).functionCounters().stream().map(counter -> counter.count()))
        .mapToDouble(Double::doubleValue)
        .sum();
  }

  /** Answers that are over for this reason. */
  public double finished(String reason) {
    return registry
        .find("slipstream.request.success")
        .tag("finished_reason", reason)
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  /** A counter that a service behind the gateway has of its own. */
  public double counter(String name, String tag, String value) {
    return registry.get(name).tag(tag, value).functionCounter().count();
  }

  @Override
  public void close() {
    targets.close();
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
