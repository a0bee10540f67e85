package dev.slipstream.gateway;

import dev.slipstream.gateway.application.GatewayMetrics;
import dev.slipstream.gateway.application.GenerationService;
import dev.slipstream.gateway.http.HttpSettings;
import dev.slipstream.gateway.upstream.Channels;
import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.TargetSelector;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.transport.MalformedRequests;
import io.grpc.ServerBuilder;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.service.DefaultGrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceSpec;
import org.springframework.http.HttpHeaders;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.reactive.CorsWebFilter;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Wires the service from its properties. */
@Configuration(proxyBeanMethods = false)
class GatewayConfiguration {

  @Bean
  TargetSelector targetSelector() {
    return TargetSelector.leastInFlight();
  }

  @Bean
  Targets targets(
      GatewayProperties properties, GrpcChannelFactory channels, TargetSelector selector) {
    return new Targets(properties.targets(), channels(channels), selector);
  }

  @Bean
  Drafts drafts(GatewayProperties properties, GrpcChannelFactory channels) {
    return new Drafts(properties.drafts(), channels(channels));
  }

  private static Channels channels(GrpcChannelFactory factory) {
    return (target, authority) ->
        factory.createChannel(
            target,
            ChannelBuilderOptions.defaults()
                .withCustomizer(
                    (name, builder) -> authority.ifPresent(builder::overrideAuthority)));
  }

  @Bean(destroyMethod = "dispose")
  Scheduler promptWorkers(GatewayProperties properties) {
    return Schedulers.newBoundedElastic(
        properties.workers(), properties.maxQueuedPrompts(), "prompt");
  }

  @Bean
  GatewayMetrics gatewayMetrics(MeterRegistry registry) {
    return new GatewayMetrics(registry);
  }

  @Bean
  GenerationService generationService(
      Targets targets, Drafts drafts, Scheduler promptWorkers, GatewayMetrics metrics) {
    return new GenerationService(targets, drafts, promptWorkers, metrics);
  }

  @Bean
  HttpSettings httpSettings(GatewayProperties properties) {
    return new HttpSettings(
        Math.toIntExact(properties.maxBodySize().toBytes()), properties.keepAlive());
  }

  /** Other pages get no CORS headers, so that browsers keep the answers from them. */
  @Bean
  CorsWebFilter corsFilter(GatewayProperties properties) {
    CorsConfiguration allowed = new CorsConfiguration();
    allowed.setAllowedOriginPatterns(properties.allowedOrigins());
    allowed.setAllowedMethods(List.of("GET", "HEAD", "POST"));
    allowed.setAllowedHeaders(List.of(CorsConfiguration.ALL));
    allowed.setExposedHeaders(List.of(HttpHeaders.RETRY_AFTER));
    allowed.setMaxAge(Duration.ofHours(1));
    return new CorsWebFilter(
        exchange ->
            allowed.checkOrigin(exchange.getRequest().getHeaders().getOrigin()) == null
                ? null
                : allowed);
  }

  @Bean(destroyMethod = "shutdown")
  ExecutorService grpcHandlers() {
    return Executors.newThreadPerTaskExecutor(
        Thread.ofVirtual().name("gateway-grpc-", 0).factory());
  }

  @Bean
  GrpcServerExecutorProvider grpcServerExecutorProvider(ExecutorService grpcHandlers) {
    return () -> grpcHandlers;
  }

  /** The public gRPC API takes requests as large as the HTTP API does. */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> maxMessageSize(
      GatewayProperties properties) {
    int bytes = Math.toIntExact(properties.maxBodySize().toBytes());
    return builder -> builder.maxInboundMessageSize(bytes);
  }

  /** Bytes that are no message are the client's error, not this service's. */
  @Bean
  GrpcServiceConfigurer grpcServiceConfigurer(ApplicationContext context) {
    return new DefaultGrpcServiceConfigurer(context) {
      @Override
      public ServerServiceDefinition configure(GrpcServiceSpec spec, GrpcServerFactory factory) {
        return MalformedRequests.refused(super.configure(spec, factory));
      }
    };
  }
}
