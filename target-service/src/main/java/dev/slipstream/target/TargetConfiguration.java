package dev.slipstream.target;

import dev.slipstream.drafting.Drafter;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import dev.slipstream.target.application.SharedPrefixes;
import dev.slipstream.target.application.Techniques;
import dev.slipstream.target.spi.AdmissionOrder;
import dev.slipstream.target.spi.DraftAllocator;
import dev.slipstream.target.spi.PassObserver;
import dev.slipstream.target.transport.KvServiceClient;
import dev.slipstream.transport.OnArrival;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.grpc.server.health.GrpcServerHealth;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** Wires the service from its properties. */
@Configuration(proxyBeanMethods = false)
class TargetConfiguration {
  /** A block message carries a key and a checksum besides the block. */
  private static final int MESSAGE_OVERHEAD_BYTES = 64 << 10;

  /**
   * From here on gRPC knows no idleness. A connection that had been given up after a lull would
   * have to be made within the patience that one request has.
   */
  private static final Duration NEVER_IDLE = Duration.ofDays(30);

  @Bean
  @ConditionalOnMissingBean
  ModelLoader modelLoader(TargetProperties properties, BatchProperties batch) {
    return new GgufModelLoader(properties, batch);
  }

  @Bean
  SharedPrefixes sharedPrefixes(
      TargetProperties properties, GrpcChannelFactory channels, MeterRegistry registry) {
    TargetProperties.Kv kv = properties.kv();
    if (kv.target().isBlank()) {
      return SharedPrefixes.NONE;
    }
    int message = Math.toIntExact(kv.maxBlockSize().toBytes()) + MESSAGE_OVERHEAD_BYTES;
    return new KvServiceClient(
        channel(channels, kv.target(), message),
        new KvServiceClient.Limits(
            kv.patience(),
            kv.fetchRate().toBytes(),
            kv.pause(),
            kv.storeQueue().toBytes(),
            kv.fetchMemory().toBytes(),
            kv.refusal()),
        registry);
  }

  private static <T extends ManagedChannelBuilder<T>> ManagedChannel channel(
      GrpcChannelFactory channels, String target, int maxMessageBytes) {
    return channels.createChannel(
        target,
        ChannelBuilderOptions.defaults()
            .<T>withCustomizer(
                (name, builder) ->
                    builder
                        .maxInboundMessageSize(maxMessageBytes)
                        .idleTimeout(NEVER_IDLE.toDays(), TimeUnit.DAYS)));
  }

  /** Those that are named, in that order. */
  static List<Drafter> hosted(List<String> names, List<Drafter> drafters) {
    return names.stream()
        .map(
            name ->
                drafters.stream()
                    .filter(drafter -> drafter.name().equals(name))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                "slipstream.target.drafters names '%s'; there are: %s"
                                    .formatted(
                                        name, drafters.stream().map(Drafter::name).toList()))))
        .toList();
  }

  /** What a technique's wiring class provides, and else what the decode loop does by itself. */
  @Bean
  Techniques techniques(
      ObjectProvider<AdmissionOrder> order,
      ObjectProvider<DraftAllocator> allocator,
      ObjectProvider<PassObserver> observers) {
    return new Techniques(
        order.getIfAvailable(() -> AdmissionOrder.ARRIVAL),
        allocator.getIfAvailable(() -> DraftAllocator.ARRIVAL),
        observers.orderedStream().toList());
  }

  @Bean
  ModelHost modelHost(
      TargetProperties properties,
      BatchProperties batch,
      ModelLoader loader,
      SharedPrefixes shared,
      List<Drafter> drafters,
      Techniques techniques,
      MeterRegistry registry,
      ConfigurableApplicationContext context,
      ObjectProvider<GrpcServerHealth> health,
      ObjectProvider<HealthStatusManager> healthStatus) {
    return new ModelHost(
        properties,
        batch,
        loader,
        shared,
        hosted(properties.drafters(), drafters),
        techniques,
        registry,
        context,
        () -> health.ifAvailable(h -> healthStatus.ifAvailable(h::update)));
  }

  /** Not before everything else has started: what is wrong with it is known at once. */
  @Bean
  ApplicationListener<ApplicationReadyEvent> loadWhenReady(ModelHost host) {
    return ready -> host.load();
  }

  /** Also behind gRPC's health service: SERVING once the model has been loaded. */
  @Bean
  HealthIndicator modelHealthIndicator(ModelHost host) {
    return () ->
        switch (host.state()) {
          case ModelHost.State.Ready(var target, _) ->
              Health.up().withDetail("model", target.model().id()).build();
          case ModelHost.State.Loading() ->
              Health.outOfService().withDetail("state", "loading").build();
          case ModelHost.State.Failed(String reason) ->
              Health.down().withDetail("reason", reason).build();
          case ModelHost.State.Broken(_, String reason) ->
              Health.down().withDetail("reason", reason).build();
          case ModelHost.State.Stopped() ->
              Health.outOfService().withDetail("state", "stopped").build();
        };
  }

  /** What comes in is only checked and handed to the decode loop. */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> handOverOnArrival() {
    return builder -> builder.callExecutor(new OnArrival(TargetServiceGrpc.getDecodeMethod()));
  }
}
