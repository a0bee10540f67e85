package dev.slipstream.gateway.upstream;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The draft services of this gateway; there may be none. */
public final class Drafts implements AutoCloseable {
  private final Endpoints<DraftEndpoint> endpoints;

  /**
   * @param channels makes channels
   */
  public Drafts(List<String> names, Channels channels) {
    this.endpoints =
        new Endpoints<>(
            names,
            channels,
            DraftEndpoint::new,
            DraftEndpoint::retire,
            Endpoints.Resolver.ofSystem());
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

  /** One whose last stream did not fail, if possible, with the fewest streams. */
  public Optional<DraftEndpoint> select() {
    return endpoints.all().stream()
        .min(
            Comparator.comparing(DraftEndpoint::failing).thenComparingInt(DraftEndpoint::inFlight));
  }

  @Override
  public void close() {
    endpoints.close();
  }
}
