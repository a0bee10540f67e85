package dev.slipstream.gateway;

import dev.slipstream.gateway.application.Defects;
import dev.slipstream.gateway.application.EndpointMetrics;
import dev.slipstream.gateway.application.FairWorkers;
import dev.slipstream.gateway.application.GatewayMetrics;
import dev.slipstream.gateway.application.GenerationService;
import dev.slipstream.gateway.application.GenerationSettings;
import dev.slipstream.gateway.http.HttpSettings;
import dev.slipstream.gateway.http.RateLimitHeaders;
import dev.slipstream.gateway.rpc.InboundBytes;
import dev.slipstream.gateway.rpc.RpcSettings;
import dev.slipstream.gateway.spi.AnswerStrategy;
import dev.slipstream.gateway.upstream.Channels;
import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.Heartbeat;
import dev.slipstream.gateway.upstream.TargetSelector;
import dev.slipstream.gateway.upstream.Targets;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggerConfiguration;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.annotation.Order;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.http.HttpHeaders;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.reactive.CorsWebFilter;

/** Wires the service from its properties. */
@Configuration(proxyBeanMethods = false)
class GatewayConfiguration {
  private static final int CALLS_PER_CONNECTION = 1000;
  private static final int RESET_WINDOW_SECONDS = 10;
  private static final List<String> CLIENT_FAULTS =
      List.of("io.grpc.netty.NettyServerStream", "io.grpc.netty.NettyServerTransport.connections");

  @Bean
  TargetSelector targetSelector() {
    return new TargetSelector();
  }

  @Bean
  Targets targets(
      GatewayProperties properties,
      FailoverProperties failover,
      GrpcChannelFactory channels,
      TargetSelector selector) {
    return new Targets(
        properties.targets(),
        channels(channels),
        selector,
        new Heartbeat(failover.heartbeat(), failover.silence()));
  }

  /** Before the servers wait for running answers: these must not wait for targets any more. */
  @Bean
  ApplicationListener<ContextClosedEvent> targetsAreLeft(Targets targets) {
    return event -> targets.leave();
  }

  @Bean
  Drafts drafts(GatewayProperties properties, GrpcChannelFactory channels) {
    return new Drafts(properties.drafts(), channels(channels));
  }

  /** Under TLS, what the server's certificate must name is the authority. */
  private static Channels channels(GrpcChannelFactory factory) {
    return (target, authority) -> {
      var options =
          ChannelBuilderOptions.defaults()
              .withCustomizer((name, builder) -> authority.ifPresent(builder::overrideAuthority));
      // Replicas of targets and drafts are found on two threads, and the factory keeps a plain
      // list.
      synchronized (factory) {
        return factory.createChannel(target, options);
      }
    };
  }

  @Bean(destroyMethod = "shutdown")
  ExecutorService promptThreads(GatewayProperties properties) {
    return Executors.newFixedThreadPool(
        properties.workers(), Thread.ofPlatform().name("prompt-", 0).daemon().factory());
  }

  @Bean
  FairWorkers promptWorkers(
      @Qualifier("promptThreads") ExecutorService threads,
      GatewayProperties properties,
      Defects defects,
      GatewayMetrics metrics) {
    return new FairWorkers(
        threads, properties.workers(), properties.maxQueuedPrompts(), defects, metrics);
  }

  @Bean
  Defects defects(GatewayMetrics metrics) {
    return new Defects(metrics);
  }

  @Bean
  GatewayMetrics gatewayMetrics(MeterRegistry registry) {
    return new GatewayMetrics(registry);
  }

  @Bean
  GenerationService generationService(
      Targets targets,
      Drafts drafts,
      FairWorkers promptWorkers,
      Defects defects,
      GatewayMetrics metrics,
      FailoverProperties failover,
      LimitProperties limits,
      ObjectProvider<AnswerStrategy> strategies) {
    return new GenerationService(
        targets,
        drafts,
        promptWorkers,
        defects,
        metrics,
        new GenerationSettings(
            limits.answers(), limits.answerTime(), failover.patience(), failover.quarantine()),
        strategies.orderedStream().toList());
  }

  @Bean
  EndpointMetrics endpointMetrics(Targets targets, Drafts drafts) {
    return new EndpointMetrics(targets, drafts);
  }

  @Bean
  HttpSettings httpSettings(GatewayProperties properties, LimitProperties limits) {
    return new HttpSettings(
        Math.toIntExact(properties.maxBodySize().toBytes()),
        properties.keepAlive(),
        properties.requestTimeout(),
        properties.bodyPause(),
        limits.connections());
  }

  @Bean
  RpcSettings rpcSettings(GatewayProperties properties) {
    return new RpcSettings(properties.requestTimeout(), properties.bodyPause());
  }

  /** Other pages get no CORS headers, so that browsers keep the answers from them. */
  @Bean
  @Order(-1)
  CorsWebFilter corsFilter(AccessProperties properties) {
    CorsConfiguration allowed = new CorsConfiguration();
    allowed.setAllowedOriginPatterns(properties.allowedOrigins());
    allowed.setAllowedMethods(List.of("GET", "HEAD", "POST"));
    allowed.setAllowedHeaders(List.of(CorsConfiguration.ALL));
    List<String> exposed = new ArrayList<>(RateLimitHeaders.NAMES);
    exposed.add(HttpHeaders.RETRY_AFTER);
    allowed.setExposedHeaders(exposed);
    allowed.setMaxAge(Duration.ofHours(1));
    return new CorsWebFilter(
        exchange ->
            allowed.checkOrigin(exchange.getRequest().getHeaders().getOrigin()) == null
                ? null
                : allowed);
  }

  /**
   * gRPC logs what clients send wrong with a stack trace each, and nothing else with these names.
   */
  @Bean
  InitializingBean clientFaultsAreNotLogged(ObjectProvider<LoggingSystem> logging) {
    return () -> logging.ifAvailable(system -> CLIENT_FAULTS.forEach(name -> quiet(system, name)));
  }

  private static void quiet(LoggingSystem system, String name) {
    LoggerConfiguration known = system.getLoggerConfiguration(name);
    if (known == null || known.getConfiguredLevel() == null) {
      system.setLogLevel(name, LogLevel.ERROR);
    }
  }

  /** The public gRPC API takes requests as large as the HTTP API does, and not any number. */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> requestLimits(
      GatewayProperties properties) {
    int bytes = Math.toIntExact(properties.maxBodySize().toBytes());
    return builder -> {
      builder.maxInboundMessageSize(bytes);
      builder.addStreamTracerFactory(new InboundBytes.Factory());
      if (builder instanceof NettyServerBuilder server) {
        server.maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION);
        // Opening and cancelling calls without end would be work for the price of a few bytes.
        server.maxRstFramesPerWindow(CALLS_PER_CONNECTION, RESET_WINDOW_SECONDS);
      }
    };
  }
}
