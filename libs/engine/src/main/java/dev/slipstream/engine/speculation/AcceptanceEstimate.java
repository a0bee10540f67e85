package dev.slipstream.engine.speculation;

/**
 * How often the drafts of one sequence come true: for each place in a proposal the rate at which
 * its first-choice node follows once all before it did, and one rate for later choices. Old trials
 * fade out, a place with few trials leans on the rate of all places.
 */
final class AcceptanceEstimate {
  private static final int PLACES = 16;
  private static final double MEMORY = 0.95;
  private static final double PRIOR_TRIALS = 3;
  private static final double LATER_CHOICE_PRIOR = 0.15;

  private final double prior;
  private final Rate all = new Rate();
  private final Rate laterChoices = new Rate();
  private final Rate[] places = new Rate[PLACES];

  AcceptanceEstimate(double prior) {
    this.prior = prior;
    for (int i = 0; i < PLACES; i++) {
      places[i] = new Rate();
    }
  }

  /** Rate of the first-choice node at a place, from 1. */
  double first(int place) {
    return places[index(place)].given(overall());
  }

  /** Rate of each further choice once those before it failed. */
  double later() {
    return laterChoices.given(LATER_CHOICE_PRIOR);
  }

  double overall() {
    return all.given(prior);
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
      all.add(hit);
      places[index(tree.walked() + tree.depth(child))].add(hit);
      for (child = tree.nextSibling(child);
          !hit && child != DraftTree.NONE;
          child = tree.nextSibling(child)) {
        hit = tree.token(child) == tokens[i];
        laterChoices.add(hit);
      }
      node = tree.child(node, tokens[i]);
    }
  }

  private static int index(int place) {
    return Math.min(place, PLACES) - 1;
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
