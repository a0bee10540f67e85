package dev.slipstream.standalone.suite;

import dev.slipstream.startup.ConfigurationException;
import dev.slipstream.startup.ConfiguredApplication;
import dev.slipstream.target.ModelFailedEvent;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.URI;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/**
 * The four services as four contexts in this JVM. They talk gRPC through memory; only the gateway
 * opens ports, and only if it is asked to.
 */
public final class EmbeddedSuite implements Suite {

  /** Boot's name of the bean that runs a gRPC server on the network. */
  private static final String NETWORK_SERVER = "nettyGrpcServerLifecycle";

  private static final Set<Service> OTHERS = EnumSet.complementOf(EnumSet.of(Service.TARGET));

  private final SuiteSettings settings;
  private final ServiceProperties properties;
  private final Map<Service, String> names = new EnumMap<>(Service.class);
  private final Map<Service, ConfigurableApplicationContext> contexts = new ConcurrentHashMap<>();
  private volatile int grpcPort;
  private volatile @Nullable String failure;

  private EmbeddedSuite(SuiteSettings settings) {
    this.settings = settings;
    this.properties = new ServiceProperties(settings);
    // Unique, because in-process names are known to the whole JVM and it may hold several suites.
    String suite = "slipstream-" + UUID.randomUUID();
    for (Service service : Service.values()) {
      names.put(service, suite + "-" + service.name().toLowerCase(Locale.ROOT));
    }
  }

  /**
   * Starts all four at once.
   *
   * @throws IllegalStateException if one of them does not start; the others are stopped
   * @throws InterruptedException if the caller is interrupted; what has been started is stopped
   */
  public static EmbeddedSuite start(SuiteSettings settings) throws InterruptedException {
    EmbeddedSuite suite = new EmbeddedSuite(settings);
    try {
      suite.startAll();
      return suite;
    } catch (InterruptedException | RuntimeException | Error e) {
      suite.close();
      throw e;
    }
  }

  private void startAll() throws InterruptedException {
    // Closing waits for every start, so that afterwards there is nobody left to be forgotten.
    try (ExecutorService starters = Executors.newThreadPerTaskExecutor(Thread::new)) {
      CompletableFuture<Void> others =
          CompletableFuture.allOf(
              OTHERS.stream()
                  .map(service -> start(service, () -> {}, starters))
                  .toArray(CompletableFuture[]::new));
      // A load takes long: it begins when all else is known to be in order.
      CompletableFuture<Void> target = start(Service.TARGET, others::join, starters);
      others.get();
      target.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ConfigurationException faulty) {
        throw faulty;
      }
      throw new IllegalStateException("The suite cannot start.", e.getCause());
    }
  }

  private CompletableFuture<Void> start(Service service, Runnable beforeReady, Executor starters) {
    return CompletableFuture.runAsync(
        () -> contexts.put(service, run(service, beforeReady)), starters);
  }

  /**
   * @param beforeReady called when everything but what waits for the service to be ready has been
   *     started
   */
  private ConfigurableApplicationContext run(Service service, Runnable beforeReady) {
    boolean listens = service == Service.GATEWAY && settings.network().isPresent();
    var application =
        new SpringApplicationBuilder(service.application())
            .web(listens ? WebApplicationType.REACTIVE : WebApplicationType.NONE)
            .registerShutdownHook(false)
            .listeners((ApplicationListener<ModelFailedEvent>) this::modelFailed)
            .listeners((ApplicationStartedEvent started) -> beforeReady.run())
            .initializers(context -> keepOffNetwork(service, context))
            .initializers(context -> showAllMetrics(service, context))
            .listeners((GrpcServerStartedEvent started) -> listening(service, started.getPort()))
            .logStartupInfo(false);
    application.application().setBannerMode(org.springframework.boot.Banner.Mode.OFF);
    List<String> arguments = properties.arguments(service, addresses(service), targets());
    return ConfiguredApplication.run(application.build(), arguments.toArray(String[]::new));
  }

  private void modelFailed(ModelFailedEvent event) {
    failure = "The model cannot be served: " + event.reason();
  }

  /** Boot has no property for "in process only"; its Netty server gives way to a bean so named. */
  private void keepOffNetwork(Service service, ConfigurableApplicationContext context) {
    if (service != Service.GATEWAY || settings.network().isEmpty()) {
      context.getBeanFactory().registerSingleton(NETWORK_SERVER, new Object());
    }
  }

  /** Where nobody can ask the other services for their figures, the gateway shows them. */
  private void showAllMetrics(Service service, ConfigurableApplicationContext context) {
    if (service == Service.GATEWAY) {
      context
          .getBeanFactory()
          .registerSingleton("prometheusRegistry", new SuiteMetrics(this::othersFigures));
    }
  }

  private Stream<PrometheusRegistry> othersFigures() {
    return contexts.entrySet().stream()
        .filter(entry -> entry.getKey() != Service.GATEWAY && entry.getValue().isActive())
        .map(entry -> entry.getValue().getBean(PrometheusRegistry.class));
  }

  /** Boot keeps no record of the port that the system gave; in-process servers have none. */
  private void listening(Service service, int port) {
    if (service == Service.GATEWAY && port > 0) {
      grpcPort = port;
    }
  }

  private Map<String, String> addresses(Service service) {
    Map<String, String> own = new LinkedHashMap<>();
    if (settings.network().isPresent()) {
      own.putAll(HeapBudget.ofThisJvm(settings.configuration()).properties(service));
    }
    own.put("spring.grpc.server.inprocess.name", names.get(service));
    own.put(SuiteMetrics.LABEL_PROPERTY, "slipstream-" + service.name().toLowerCase(Locale.ROOT));
    if (service == Service.GATEWAY && settings.network().isPresent()) {
      SuiteSettings.Network network = settings.network().get();
      own.put("server.address", network.host());
      own.put("server.port", Integer.toString(network.httpPort()));
      own.put("spring.grpc.server.address", network.host());
      own.put("spring.grpc.server.port", Integer.toString(network.grpcPort()));
    }
    return own;
  }

  private Map<Service, String> targets() {
    Map<Service, String> targets = new EnumMap<>(Service.class);
    names.forEach((service, name) -> targets.put(service, "in-process:" + name));
    return targets;
  }

  /**
   * The context of one service, for its metrics.
   *
   * @throws NoSuchElementException if it has not been started
   */
  public ConfigurableApplicationContext context(Service service) {
    return Optional.ofNullable(contexts.get(service)).orElseThrow();
  }

  @Override
  public ManagedChannel gateway() {
    return InProcessChannelBuilder.forName(names.get(Service.GATEWAY)).build();
  }

  @Override
  public Optional<URI> httpAddress() {
    return settings.network().map(n -> n.http(scheme(), Integer.parseInt(httpPort())));
  }

  @Override
  public Optional<String> grpcAddress() {
    return settings.network().map(n -> n.grpc(grpcPort));
  }

  private String scheme() {
    return context(Service.GATEWAY).getEnvironment().containsProperty("server.ssl.bundle")
        ? "https"
        : "http";
  }

  private String httpPort() {
    return context(Service.GATEWAY).getEnvironment().getRequiredProperty("local.server.port");
  }

  @Override
  public Optional<String> failure() {
    return Optional.ofNullable(failure);
  }

  /** The load first: the others wait for nobody, and it may be writing a file. */
  @Override
  public void abandon() {
    Optional.ofNullable(contexts.get(Service.TARGET))
        .ifPresent(ConfigurableApplicationContext::close);
    close();
  }

  /** Closes all of them, whatever closing one of them may throw. */
  @Override
  public void close() {
    RuntimeException failed = null;
    for (Service service : Service.values()) {
      ConfigurableApplicationContext context = contexts.get(service);
      if (context == null) {
        continue;
      }
      try {
        context.close();
      } catch (RuntimeException e) {
        if (failed == null) {
          failed = e;
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
