package dev.slipstream.gateway.upstream;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The targets of this gateway and the models that they serve. */
public final class Targets implements AutoCloseable {
  /** Enough that one target which does not answer keeps nobody from asking the others. */
  private static final int PROBERS = 4;

  private final Endpoints<TargetEndpoint> endpoints;
  private final TargetSelector selector;
  private final ScheduledExecutorService prober;

  /**
   * @param names as configured; asked at once, in the background
   * @param channels makes channels
   */
  public Targets(List<String> names, Channels channels, TargetSelector selector) {
    this(names, channels, selector, Endpoints.Resolver.ofSystem());
  }

  Targets(
      List<String> names, Channels channels, TargetSelector selector, Endpoints.Resolver resolver) {
    this.selector = selector;
    this.prober =
        Executors.newScheduledThreadPool(
            PROBERS, Thread.ofPlatform().name("target-probe-", 0).daemon().factory());
    this.endpoints =
        new Endpoints<>(
            names,
            channels,
            (name, channel) -> {
              TargetEndpoint endpoint = new TargetEndpoint(name, channel, prober);
              endpoint.probe();
              return endpoint;
            },
            TargetEndpoint::retire,
            resolver);
    endpoints.follow();
  }

  /** The models that can be used now, by id. If targets disagree about one, the first counts. */
  public Map<String, ServedModel> models() {
    Map<String, ServedModel> models = new LinkedHashMap<>();
    for (TargetEndpoint endpoint : endpoints.all()) {
      endpoint.model().ifPresent(model -> models.putIfAbsent(model.id(), model));
    }
    return models;
  }

  /**
   * The target for a sequence.
   *
   * @param tried targets that have failed it already
   */
  public Optional<TargetEndpoint> select(
      ServedModel model, int[] prompt, Set<TargetEndpoint> tried) {
    List<TargetEndpoint> candidates =
        endpoints.all().stream()
            .filter(endpoint -> !tried.contains(endpoint))
            .filter(endpoint -> endpoint.model().filter(model::sameAs).isPresent())
            .toList();
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(selector.select(candidates, prompt));
  }

  /** What is wrong with the targets that cannot be reached, for people. */
  public String problems() {
    return Stream.concat(
            endpoints.unresolved().stream().map(name -> "target " + name + ": no address known"),
            endpoints.all().stream()
                .filter(endpoint -> endpoint.model().isEmpty())
                .map(endpoint -> "target " + endpoint.name() + ": " + endpoint.problem()))
        .collect(Collectors.joining("; "));
  }

  @Override
  public void close() {
    endpoints.close();
    prober.shutdownNow();
  }
}
