package dev.slipstream.gateway.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The targets of this gateway and the models that they serve. */
public final class Targets implements AutoCloseable {
  private final Endpoints<TargetEndpoint> endpoints;
  private final TargetSelector selector;
  private final ScheduledExecutorService clock;
  private volatile boolean leaving;

  /**
   * @param names as configured; asked at once, in the background
   * @param channels makes channels
   */
  public Targets(
      List<String> names, Channels channels, TargetSelector selector, Heartbeat heartbeat) {
    this(names, channels, selector, heartbeat, Endpoints.Resolver.ofSystem());
  }

  Targets(
      List<String> names,
      Channels channels,
      TargetSelector selector,
      Heartbeat heartbeat,
      Endpoints.Resolver resolver) {
    this.selector = selector;
    this.clock =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().name("target-clock").daemon().factory(),
            new ThreadPoolExecutor.DiscardPolicy());
    this.endpoints =
        new Endpoints<>(
            names,
            channels,
            (name, channel) -> {
              TargetEndpoint endpoint = new TargetEndpoint(name, channel, clock, heartbeat);
              endpoint.probe();
              return endpoint;
            },
            TargetEndpoint::retire,
            resolver);
    endpoints.follow();
  }

  /** Those that may get streams at the moment. */
  public List<TargetEndpoint> endpoints() {
    return endpoints.all();
  }

  /**
   * Hears of every target, those there are and those to come.
   *
   * @param opened is given the target; what it returns is run when the target gets no more streams
   */
  public void watch(Function<TargetEndpoint, Runnable> opened) {
    endpoints.watch(opened);
  }

  /** The models that can be used now, by id. If targets disagree about one, the first counts. */
  public Map<String, UpstreamModel> models() {
    Map<String, UpstreamModel> models = new LinkedHashMap<>();
    for (TargetEndpoint endpoint : endpoints.all()) {
      endpoint.model().ifPresent(model -> models.putIfAbsent(model.id(), model));
    }
    return models;
  }

  /**
   * The target for a sequence; {@link TargetEndpoint#decode} must follow.
   *
   * @param tried targets that are not wanted
   */
  public Optional<TargetEndpoint> select(
      UpstreamModel model, int[] prompt, Set<TargetEndpoint> tried) {
    List<TargetEndpoint> candidates =
        endpoints.all().stream()
            .filter(endpoint -> !tried.contains(endpoint))
            .filter(endpoint -> serves(endpoint, model))
            .collect(Collectors.toCollection(ArrayList::new));
    while (!candidates.isEmpty()) {
      TargetEndpoint chosen = selector.select(candidates, prompt);
      if (chosen.permits()) {
        return Optional.of(chosen);
      }
      candidates.remove(chosen);
    }
    return Optional.empty();
  }

  /**
   * Whether a sequence may go to this target rather than to another; on true, {@link
   * TargetEndpoint#decode} must follow.
   */
  public boolean takes(TargetEndpoint target, UpstreamModel model) {
    return endpoints.all().contains(target) && serves(target, model) && target.permits();
  }

  private static boolean serves(TargetEndpoint target, UpstreamModel model) {
    return target.model().filter(model::canGoOnAt).isPresent();
  }

  /** Whether a target that computes this prompt need not compute all of it once more. */
  public static boolean keepsPrefix(int[] prompt) {
    return prompt.length > TargetSelector.BLOCK_TOKENS;
  }

  /** What is wrong with the targets that cannot be used, for people. */
  public String problems() {
    return Stream.concat(
            endpoints.unresolved().stream().map(name -> problem(name, "no address known")),
            endpoints.all().stream()
                .filter(e -> e.model().isEmpty() || e.breaker() != BreakerState.CLOSED)
                .map(
                    e ->
                        problem(
                            e.name(),
                            e.model().isEmpty() ? e.problem() : "too many streams failed")))
        .collect(Collectors.joining("; "));
  }

  private static String problem(String name, String reason) {
    return "target %s: %s".formatted(name, reason);
  }

  /** Runs a task after a while, unless this has been closed by then. */
  public void later(Duration wait, Runnable task) {
    clock.schedule(
        () -> Thread.ofVirtual().name("resume").start(task),
        wait.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** The gateway is about to stop: it is no use to wait for a target any more. */
  public void leave() {
    leaving = true;
  }

  public boolean isLeaving() {
    return leaving;
  }

  @Override
  public void close() {
    leaving = true;
    endpoints.close();
    clock.shutdownNow();
  }
}
