package dev.slipstream.gateway.upstream;

import io.grpc.ManagedChannel;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The draft services of this gateway; there may be none. */
public final class Drafts {
  /** Drafts keep nothing of a text once it is over, so nothing is gained by coming back. */
  private static final int[] ANY_TEXT = {};

  private final List<DraftEndpoint> endpoints;
  private final TargetSelector selector = new TargetSelector();

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

  public List<DraftEndpoint> endpoints() {
    return endpoints;
  }

  /**
   * One that has not failed lately, if possible, with the fewest streams, and among equals the one
   * that was chosen longest ago.
   */
  public Optional<DraftEndpoint> select() {
    List<DraftEndpoint> rested = endpoints.stream().filter(e -> !e.isResting()).toList();
    List<DraftEndpoint> candidates = rested.isEmpty() ? endpoints : rested;
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(selector.select(candidates, ANY_TEXT));
  }
}
