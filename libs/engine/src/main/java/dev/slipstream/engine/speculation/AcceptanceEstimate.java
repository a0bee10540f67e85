package dev.slipstream.engine.speculation;

import java.util.HashMap;
import java.util.Map;

/**
 * How often the drafts of one sequence come true, by the source of their nodes and over all
 * sources: for each place in a proposal the rate at which its first-choice node follows once all
 * before it did, and one rate for later choices. Old trials fade out, a place with few trials leans
 * on the rate of all places.
 */
final class AcceptanceEstimate {
  private static final int PLACES = 16;
  private static final double MEMORY = 0.95;
  private static final double PRIOR_TRIALS = 3;
  private static final double LATER_CHOICE_PRIOR = 0.15;

  /** Names come from outside; those beyond are estimated as all are together. */
  private static final int MOST_SOURCES = 16;

  private final double prior;
  private final Rates everything;
  private final Map<String, Rates> bySource = new HashMap<>();

  AcceptanceEstimate(double prior) {
    this.prior = prior;
    this.everything = new Rates();
  }

  /** Rate of the first-choice node at a place, from 1, if it comes from {@code source}. */
  double first(String source, int place) {
    Rates rates = bySource.getOrDefault(source, everything);
    return rates.places[index(place)].given(rates.all.given(prior));
  }

  /** Rate of each further choice of that source once those before it failed. */
  double later(String source) {
    return bySource.getOrDefault(source, everything).laterChoices.given(LATER_CHOICE_PRIOR);
  }

  /** Rate of all first-choice nodes. */
  double overall() {
    return everything.all.given(prior);
  }

  /** Scores a tree against what followed it, which may end before the tree does. */
  void observe(DraftTree tree, int[] tokens) {
    int node = DraftTree.ROOT;
    for (int i = 0; i < tokens.length && node != DraftTree.NONE; i++) {
      int child = tree.firstChild(node);
      if (child == DraftTree.NONE) {
        return;
      }
      boolean hit = tree.token(child) == tokens[i];
      int place = index(tree.walked() + tree.depth(child));
      everything.addFirst(place, hit);
      Rates own = of(tree.origin(child).source());
      if (own != everything) {
        own.addFirst(place, hit);
      }
      for (child = tree.nextSibling(child);
          !hit && child != DraftTree.NONE;
          child = tree.nextSibling(child)) {
        hit = tree.token(child) == tokens[i];
        everything.laterChoices.add(hit);
        own = of(tree.origin(child).source());
        if (own != everything) {
          own.laterChoices.add(hit);
        }
      }
      node = tree.child(node, tokens[i]);
    }
  }

  private Rates of(String source) {
    Rates known = bySource.get(source);
    if (known != null) {
      return known;
    }
    if (source.isEmpty() || bySource.size() == MOST_SOURCES) {
      return everything;
    }
    Rates fresh = new Rates();
    bySource.put(source, fresh);
    return fresh;
  }

  private static int index(int place) {
    return Math.min(place, PLACES) - 1;
  }

  private static final class Rates {
    final Rate all = new Rate();
    final Rate laterChoices = new Rate();
    final Rate[] places = new Rate[PLACES];

    Rates() {
      for (int i = 0; i < PLACES; i++) {
        places[i] = new Rate();
      }
    }

    void addFirst(int place, boolean hit) {
      all.add(hit);
      places[place].add(hit);
    }
  }

  private static final class Rate {
    private double trials;
    private double hits;

    void add(boolean hit) {
      trials = MEMORY * trials + 1;
      hits = MEMORY * hits + (hit ? 1 : 0);
    }

    double given(double expected) {
      return (hits + PRIOR_TRIALS * expected) / (trials + PRIOR_TRIALS);
    }
  }
}
