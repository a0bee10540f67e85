package dev.slipstream.target.application;

import java.util.List;

/**
 * Continuations whose log-probabilities a client wants; token ids have been checked against the
 * vocabulary, nothing is changed.
 *
 * @param prefix not empty
 * @param continuations at least one, none of them empty
 */
public record ScoreTask(TaskOwner caller, int[] prefix, List<int[]> continuations) {
  public ScoreTask {
    continuations = List.copyOf(continuations);
  }

  /** Tokens of the longest text to be computed. */
  int longestText() {
    return prefix.length + continuations.stream().mapToInt(tokens -> tokens.length).max().orElse(0);
  }
}
