package dev.slipstream.gateway.upstream;

import io.grpc.ManagedChannel;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The draft services of this gateway; there may be none. */
public final class Drafts {
  private final List<DraftEndpoint> endpoints;

  /**
   * @param channels makes the channel for a name; channels are closed by their maker
   */
  public Drafts(List<String> names, Function<String, ManagedChannel> channels) {
    this.endpoints =
        names.stream().map(name -> new DraftEndpoint(name, channels.apply(name))).toList();
  }

  /**
   * The drafters there are, if it is certain that this one is not among them: if a draft service
   * cannot be asked now, it may be. Blocks for a moment.
   */
  public Optional<Set<String>> othersThan(String drafter) {
    Set<String> known = new TreeSet<>();
    for (DraftEndpoint endpoint : endpoints) {
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
    return endpoints.stream()
        .min(
            Comparator.comparing(DraftEndpoint::failing).thenComparingInt(DraftEndpoint::inFlight));
  }
}
