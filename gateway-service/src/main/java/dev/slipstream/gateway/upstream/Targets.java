package dev.slipstream.gateway.upstream;

import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The targets of this gateway and the models that they serve. */
public final class Targets implements AutoCloseable {
  private final List<TargetEndpoint> endpoints = new ArrayList<>();
  private final TargetSelector selector;
  private final ScheduledExecutorService prober;

  /**
   * @param names as configured; asked at once, in the background
   * @param channels makes the channel for a name; channels are closed by their maker
   */
  public Targets(
      List<String> names, Function<String, ManagedChannel> channels, TargetSelector selector) {
    this.selector = selector;
    this.prober =
        Executors.newScheduledThreadPool(
            Math.min(names.size(), 4),
            Thread.ofPlatform().name("target-probe-", 0).daemon().factory());
    for (String name : names) {
      endpoints.add(new TargetEndpoint(name, channels.apply(name), prober));
    }
    endpoints.forEach(TargetEndpoint::probe);
  }

  /** The models that can be used now, by id. If targets disagree about one, the first counts. */
  public Map<String, ServedModel> models() {
    Map<String, ServedModel> models = new LinkedHashMap<>();
    for (TargetEndpoint endpoint : endpoints) {
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
        endpoints.stream()
            .filter(endpoint -> !tried.contains(endpoint))
            .filter(endpoint -> endpoint.model().filter(model::sameAs).isPresent())
            .toList();
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(selector.select(candidates, prompt));
  }

  /** What is wrong with the targets that cannot be reached, for people. */
  public String problems() {
    return endpoints.stream()
        .filter(endpoint -> endpoint.model().isEmpty())
        .map(endpoint -> "target " + endpoint.name() + ": " + endpoint.problem())
        .collect(Collectors.joining("; "));
  }

  @Override
  public void close() {
    prober.shutdownNow();
  }
}
