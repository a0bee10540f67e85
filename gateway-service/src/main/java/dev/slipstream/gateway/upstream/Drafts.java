package dev.slipstream.gateway.upstream;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The draft services of this gateway; there may be none. */
public final class Drafts implements AutoCloseable {
  /** Drafts keep nothing of a text once it is over, so nothing is gained by coming back. */
  private static final int[] ANY_TEXT = {};

  private final Endpoints<DraftEndpoint> endpoints;
  private final TargetSelector selector = new TargetSelector();

  /**
   * @param channels makes channels
   */
  public Drafts(List<String> names, Channels channels) {
    this(names, channels, Endpoints.Resolver.ofSystem());
  }

  Drafts(List<String> names, Channels channels, Endpoints.Resolver resolver) {
    this.endpoints =
        new Endpoints<>(names, channels, DraftEndpoint::new, DraftEndpoint::retire, resolver);
    endpoints.follow();
  }

  /**
   * The drafters there are, if it is certain that this one is not among them: if a draft service
   * cannot be asked now, it may be. Blocks for a moment.
   */
  public Optional<Set<String>> othersThan(String drafter) {
    Set<String> known = new TreeSet<>();
    for (DraftEndpoint endpoint : endpoints.all()) {
      Optional<Set<String>> names = endpoint.drafters(drafter);
      if (names.isEmpty() || names.get().contains(drafter)) {
        return Optional.empty();
      }
      known.addAll(names.get());
    }
    return known.isEmpty() ? Optional.empty() : Optional.of(known);
  }

  /**
   * Hears of every draft service, those there are and those to come.
   *
   * @param opened is given the service; what it returns is run when it gets no more streams
   */
  public void watch(Function<DraftEndpoint, Runnable> opened) {
    endpoints.watch(opened);
  }

  /**
   * One that has not failed lately, if possible, with the fewest streams, and among equals the one
   * that was chosen longest ago.
   */
  public Optional<DraftEndpoint> select() {
    List<DraftEndpoint> all = endpoints.all();
    List<DraftEndpoint> rested = all.stream().filter(e -> !e.isResting()).toList();
    List<DraftEndpoint> candidates = rested.isEmpty() ? all : rested;
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(selector.select(candidates, ANY_TEXT));
  }

  @Override
  public void close() {
    endpoints.close();
  }
}
