package dev.slipstream.transport;

import io.grpc.ServerBuilder;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.service.DefaultGrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceSpec;

/** Gives a service its gRPC transport; comes before Boot's own, which gives way to its beans. */
@AutoConfiguration(after = SslAutoConfiguration.class, before = GrpcServerAutoConfiguration.class)
public final class GrpcTransportAutoConfiguration {
  private static final int HANDSHAKE_SECONDS = 20;

  @Bean(destroyMethod = "shutdown")
  ExecutorService grpcHandlers(@Value("${spring.application.name:slipstream}") String service) {
    return Executors.newThreadPerTaskExecutor(
        Thread.ofVirtual().name(service + "-grpc-", 0).factory());
  }

  @Bean
  GrpcServerExecutorProvider grpcServerExecutorProvider(
      @Qualifier("grpcHandlers") ExecutorService grpcHandlers) {
    return () -> grpcHandlers;
  }

  /** Every call ends, and says whose error it was. */
  @Bean
  GrpcServiceConfigurer grpcServiceConfigurer(
      ApplicationContext context, ObjectProvider<MeterRegistry> registry) {
    HandlerFailures failures =
        new HandlerFailures(registry.getIfAvailable(() -> Metrics.globalRegistry));
    return new DefaultGrpcServiceConfigurer(context) {
      @Override
      public ServerServiceDefinition configure(
          GrpcServiceSpec spec, @Nullable GrpcServerFactory factory) {
        return RefusedRequests.refused(super.configure(spec, factory), failures);
      }
    };
  }

  /** A client that connects and then says nothing does not keep its connection; gRPC's is 120 s. */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> handshakeLimit() {
    return builder -> builder.handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
  }

  /** Before a server is made that would listen on every address. */
  @Bean
  static BeanPostProcessor bracketedAddresses() {
    return new BracketedAddresses();
  }

  /** Servers and clients of all protocols get their certificates from here. */
  @Bean
  @Primary
  SslBundles reloadingSslBundles(DefaultSslBundleRegistry bundles) {
    return new ReloadingSslBundles(bundles);
  }
}
