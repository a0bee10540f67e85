package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.target.application.Outcome.SourceFigures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Draft tokens of one sequence by the technique that found them. */
final class SourceCounts {
  /** Names come from outside. */
  private static final int MOST_SOURCES = 16;

  private static final String OTHER = "other";

  private final Map<String, Count> bySource = new LinkedHashMap<>();

  private static final class Count {
    long drafted;
    long accepted;
  }

  /**
   * Counts what a pass verified.
   *
   * @param drafter of nodes that state no source
   * @param acceptedNodes of which the first {@code kept} became part of the answer
   */
  void add(DraftTree verified, String drafter, int[] acceptedNodes, int kept) {
    for (int n = 0; n < verified.size(); n++) {
      of(verified.origin(n).sourceOr(drafter)).drafted++;
    }
    for (int i = 0; i < kept; i++) {
      of(verified.origin(acceptedNodes[i]).sourceOr(drafter)).accepted++;
    }
  }

  private Count of(String source) {
    Count known = bySource.get(source);
    if (known == null) {
      String name = bySource.size() < MOST_SOURCES ? source : OTHER;
      known = bySource.computeIfAbsent(name, _ -> new Count());
    }
    return known;
  }

  List<SourceFigures> figures() {
    return bySource.entrySet().stream()
        .map(e -> new SourceFigures(e.getKey(), e.getValue().drafted, e.getValue().accepted))
        .toList();
  }
}
