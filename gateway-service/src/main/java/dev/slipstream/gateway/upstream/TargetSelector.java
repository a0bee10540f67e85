package dev.slipstream.gateway.upstream;

import java.util.List;

/** Chooses among targets that could all do the work. */
@FunctionalInterface
public interface TargetSelector {

  /**
   * @param candidates at least one
   * @param prompt token ids, for choices by prefix
   */
  TargetEndpoint select(List<TargetEndpoint> candidates, int[] prompt);

  /** The target with the fewest streams, the first of them if there are several. */
  static TargetSelector leastInFlight() {
    return (candidates, prompt) -> {
      TargetEndpoint best = candidates.getFirst();
      for (TargetEndpoint candidate : candidates) {
        best = candidate.inFlight() < best.inFlight() ? candidate : best;
      }
      return best;
    };
  }
}
