package dev.slipstream.engine.speculation;

import java.util.HashMap;
import java.util.Map;

/**
 * How often the drafts of one sequence come true, by the source of their nodes and over all
 * sources: for each place in a proposal the rate at which its first-choice node follows once all
 * before it did, and one rate for later choices. Old trials fade out, a place with few trials leans
 * on the rate of all places.
 *
 * <p>Where drafters say how sure they are of a node, that moves the rate: its logit by how far the
 * stated one is from what the source states usually, times a weight. The weight begins at 0 and is
 * learnt, by the gradient of the log-likelihood, so that words which mean nothing change nothing.
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

  /**
   * Probability that a node is accepted once its parent was, and the siblings before it were not.
   */
  double of(DraftTree tree, int node) {
    NodeOrigin origin = tree.origin(node);
    Rates rates = bySource.getOrDefault(origin.source(), everything);
    return rates.confidence.adjust(rate(tree, node, rates), origin);
  }

  private double rate(DraftTree tree, int node, Rates rates) {
    return tree.firstChild(tree.parent(node)) == node
        ? rates.places[place(tree, node)].given(rates.all.given(prior))
        : rates.laterChoices.given(LATER_CHOICE_PRIOR);
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
      boolean hit = false;
      for (; !hit && child != DraftTree.NONE; child = tree.nextSibling(child)) {
        hit = tree.token(child) == tokens[i];
        learn(tree, child, hit);
      }
      node = tree.child(node, tokens[i]);
    }
  }

  /** Whether a node came true after those before it did not. */
  private void learn(DraftTree tree, int node, boolean hit) {
    Rates own = ofSource(tree.origin(node).source());
    own.confidence.learn(rate(tree, node, own), tree.origin(node), hit);
    add(everything, tree, node, hit);
    if (own != everything) {
      add(own, tree, node, hit);
    }
  }

  private static void add(Rates rates, DraftTree tree, int node, boolean hit) {
    if (tree.firstChild(tree.parent(node)) == node) {
      rates.all.add(hit);
      rates.places[place(tree, node)].add(hit);
    } else {
      rates.laterChoices.add(hit);
    }
  }

  private Rates ofSource(String source) {
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

  private static int place(DraftTree tree, int node) {
    return Math.min(tree.walked() + tree.depth(node), PLACES) - 1;
  }

  private static final class Rates {
    final Rate all = new Rate();
    final Rate laterChoices = new Rate();
    final Rate[] places = new Rate[PLACES];
    final Confidence confidence = new Confidence();

    Rates() {
      for (int i = 0; i < PLACES; i++) {
        places[i] = new Rate();
      }
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

  /** What the words of one source mean. */
  private static final class Confidence {
    /** Low enough for words that mean nothing to move a weight by little. */
    private static final double WEIGHT_RATE = 0.02;

    private static final double USUAL_RATE = 0.1;
    private static final double MOST_WEIGHT = 1.5;

    /** Logits beyond this, as of certainty, are as good as this. */
    private static final double MOST_LOGIT = 4;

    private double usual = Double.NaN;
    private double weight;

    double adjust(double rate, NodeOrigin origin) {
      double unusual = unusual(origin);
      return weight == 0 || unusual == 0 ? rate : sigmoid(logit(rate) + weight * unusual);
    }

    void learn(double rate, NodeOrigin origin, boolean hit) {
      if (origin.hasProbability()) {
        double unusual = unusual(origin);
        double error = (hit ? 1 : 0) - adjust(rate, origin);
        weight = Math.clamp(weight + WEIGHT_RATE * error * unusual, 0, MOST_WEIGHT);
        double stated = logit(origin.probability());
        usual = Double.isNaN(usual) ? stated : usual + USUAL_RATE * (stated - usual);
      }
    }

    private double unusual(NodeOrigin origin) {
      return origin.hasProbability() && !Double.isNaN(usual)
          ? logit(origin.probability()) - usual
          : 0;
    }

    private static double logit(double probability) {
      return Math.clamp(Math.log(probability / (1 - probability)), -MOST_LOGIT, MOST_LOGIT);
    }

    private static double sigmoid(double logit) {
      return 1 / (1 + Math.exp(-logit));
    }
  }
}
