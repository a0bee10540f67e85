package dev.slipstream.gateway.upstream;

import io.grpc.ManagedChannel;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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

  /** One whose last stream did not fail, if possible, with the fewest streams. */
  public Optional<DraftEndpoint> select() {
    return endpoints.stream()
        .min(
            Comparator.comparing(DraftEndpoint::failing).thenComparingInt(DraftEndpoint::inFlight));
  }
}
