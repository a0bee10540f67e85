package dev.slipstream.target;

import dev.slipstream.drafting.Drafter;
import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.target.application.CostFile;
import dev.slipstream.target.application.DecodeFailure;
import dev.slipstream.target.application.DecodeLoop;
import dev.slipstream.target.application.DecodeMetrics;
import dev.slipstream.target.application.HostedDrafters;
import dev.slipstream.target.application.LoopSettings;
import dev.slipstream.target.application.PassCosts;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.target.application.SharedPrefixes;
import dev.slipstream.target.application.Techniques;
import dev.slipstream.target.transport.ServedTarget;
import dev.slipstream.target.transport.TargetProvider;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ContextClosedEvent;

/**
 * Loads the model in the background, once the service can say that it is loading, and lets its
 * answers finish when the service stops.
 */
final class ModelHost
    implements TargetProvider, SmartLifecycle, ApplicationListener<ContextClosedEvent> {
  private static final Logger log = LoggerFactory.getLogger(ModelHost.class);
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final TargetProperties properties;
  private final BatchProperties batch;
  private final ModelLoader loader;
  private final SharedPrefixes shared;
  private final List<Drafter> drafters;
  private final Techniques techniques;
  private final MeterRegistry registry;
  private final ConfigurableApplicationContext context;
  private final Runnable healthChanged;
  private volatile State state = new State.Loading();
  private volatile boolean started;
  private volatile boolean leaving;
  private volatile boolean stopping;
  private @Nullable Thread loading;
  private @Nullable Thread draining;

  /** Where the model stands. */
  sealed interface State {
    record Loading() implements State {}

    record Ready(ServedTarget target, Runnable resources) implements State {}

    /** It was ready, but its decode loop has ended by itself. */
    record Broken(Ready last, String reason) implements State {}

    record Failed(String reason) implements State {}

    record Stopped() implements State {}
  }

  /**
   * @param drafters that this process hosts, the default first
   * @param healthChanged called when {@link #state} has changed
   */
  ModelHost(
      TargetProperties properties,
      BatchProperties batch,
      ModelLoader loader,
      SharedPrefixes shared,
      List<Drafter> drafters,
      Techniques techniques,
      MeterRegistry registry,
      ConfigurableApplicationContext context,
      Runnable healthChanged) {
    this.properties = properties;
    this.batch = batch;
    this.loader = loader;
    this.shared = shared;
    this.drafters = drafters;
    this.techniques = techniques;
    this.registry = registry;
    this.context = context;
    this.healthChanged = healthChanged;
  }

  State state() {
    return state;
  }

  @Override
  public ServedTarget served() {
    return switch (state) {
      // Whoever asks is to look for another target, and not to come back during the drain.
      case State.Ready _ when leaving -> throw new NotReadyException("the target is shutting down");
      case State.Ready(ServedTarget target, _) -> target;
      case State.Loading() -> throw new NotReadyException("the model is being loaded");
      case State.Failed(String reason) ->
          throw new NotReadyException("the model cannot be loaded: " + reason);
      case State.Broken(_, String reason) -> throw new NotReadyException(reason);
      case State.Stopped() -> throw new NotReadyException("the target has been stopped");
    };
  }

  @Override
  public void start() {
    started = true;
  }

  /** Loads the model in the background. */
  synchronized void load() {
    if (!stopping) {
      loading = Thread.ofPlatform().daemon().name("model-loader").start(this::run);
    }
  }

  /** Before the gRPC server, which waits for its calls to end, starts to stop. */
  @Override
  public synchronized void onApplicationEvent(ContextClosedEvent event) {
    if (event.getApplicationContext() != context) {
      return;
    }
    stopLoading();
    if (state instanceof State.Ready(ServedTarget target, _)) {
      leaving = true;
      draining =
          Thread.ofPlatform()
              .name("drain")
              .start(() -> target.loop().drain(properties.drainLimit()));
    }
  }

  /** A model that is being loaded can take minutes, which nobody who stops the service has. */
  private synchronized void stopLoading() {
    stopping = true;
    if (loading != null) {
      loading.interrupt();
    }
  }

  @Override
  public void stop() {
    try {
      giveUp();
      if (draining != null) {
        draining.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    switch (exchange(new State.Stopped())) {
      case State.Ready ready -> release(ready);
      case State.Broken(State.Ready ready, _) -> release(ready);
      case State.Loading _, State.Failed _, State.Stopped _ -> {}
    }
  }

  private synchronized boolean become(State next) {
    if (!stopping) {
      state = next;
    }
    return !stopping;
  }

  private synchronized State exchange(State next) {
    State last = state;
    state = next;
    return last;
  }

  private void release(State.Ready ready) {
    ready.target().loop().close();
    ready.target().drafters().close();
    ready.resources().run();
  }

  /** The loop ended though nobody had told it to: readiness goes, and so should the process. */
  private void loopEnded(State.Ready ready) {
    String reason = new DecodeFailure.OutOfService().message();
    synchronized (this) {
      if (state != ready) {
        return;
      }
      state = new State.Broken(ready, reason);
    }
    log.error("{}; it has to be started again", reason);
    healthChanged.run();
    context.publishEvent(new ModelFailedEvent(this, context, reason));
  }

  /** A load that does not hear of the stop is not waited for: nobody is served by it. */
  private void giveUp() throws InterruptedException {
    stopLoading();
    if (loading != null) {
      loading.join(PATIENCE);
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return started && !(state instanceof State.Stopped);
  }

  /** After the gRPC server has stopped. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE - 1;
  }

  private void run() {
    try {
      long start = System.nanoTime();
      shared.connect();
      LoadedModel loaded = loader.load();
      ServedTarget target = serveOrRelease(loaded);
      State.Ready ready = new State.Ready(target, loaded.resources());
      if (!become(ready)) {
        release(ready);
        return;
      }
      target
          .loop()
          .end()
          .whenComplete(
              (_, cause) -> {
                if (cause != null) {
                  loopEnded(ready);
                }
              });
      log.info(
          "serving {} ({}): {}, {} KV blocks, context {}, ready after {} ms",
          loaded.model().id(),
          loaded.model().weights().architecture(),
          loaded.description(),
          target.settings().kvBlocks(),
          target.settings().contextLength(),
          (System.nanoTime() - start) / 1_000_000);
      healthChanged.run();
    } catch (Exception | Error e) {
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      if (!become(new State.Failed(reason))) {
        // Stopping interrupts the load, which may end it in any way.
        return;
      }
      log.error("the model '{}' cannot be served: {}", properties.model(), reason);
      log.debug("where it failed", e);
      healthChanged.run();
      context.publishEvent(new ModelFailedEvent(this, context, reason));
    }
  }

  private ServedTarget serveOrRelease(LoadedModel loaded) {
    try {
      return serve(loaded);
    } catch (RuntimeException | Error e) {
      loaded.resources().run();
      throw e;
    }
  }

  private ServedTarget serve(LoadedModel loaded) {
    ServedModel model = loaded.model();
    LoopSettings settings = batch.settings(model);
    PassCosts costs =
        PassCosts.of(model, settings.maxLogitRows(), properties.costBudget(), costFile(model));
    log.info("cost of passes of {}: {}", model.id(), costs.cost());
    DecodeMetrics metrics = new DecodeMetrics(registry, model, costs.cost());
    DecodeLoop loop = new DecodeLoop(model, settings, shared, costs, techniques, metrics);
    // Where nothing is verified, nothing need be drafted.
    List<Drafter> useful = settings.maxDraftTokens() == 0 ? List.of() : drafters;
    HostedDrafters hosted =
        new HostedDrafters(loop, metrics, model.tokens().size(), useful, drafterThread());
    return new ServedTarget(
        model, loaded.vocabulary(), settings, loop, hosted, metrics, Instant.now());
  }

  /** One, as it shares the cores that compute; it is started by the first draft. */
  private static ExecutorService drafterThread() {
    return Executors.newSingleThreadExecutor(
        Thread.ofPlatform().name("drafter-", 0).daemon().factory());
  }

  private CostFile costFile(ServedModel model) {
    Path cache =
        Optional.ofNullable(properties.cacheDirectory())
            .orElseGet(() -> CacheDirectory.ofEnvironment().root());
    return new CostFile(
        cache.resolve("costs"),
        model.weights().digest(),
        KvBudget.threads(properties),
        System.getProperty("os.arch") + " " + model.kvLayout().encoding());
  }
}
