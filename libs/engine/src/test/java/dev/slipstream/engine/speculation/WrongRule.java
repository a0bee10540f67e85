package dev.slipstream.engine.speculation;

import java.util.Arrays;
import java.util.Random;

/**
 * The verification rule with one mistake in it; without one it is the exact rule, written plainly.
 */
enum WrongRule {
  NONE,
  /** After a rejection, draw from p instead of what is left of it. */
  RESAMPLE_FROM_P,
  /** Accept a drawn token as if q gave it probability 1, yet treat a rejection as usual. */
  Q_IGNORED,
  /** Accept whatever the target finds possible. */
  ACCEPT_ALL,
  /** Compare a second sibling with the p that the first was compared with. */
  P_KEPT_AMONG_SIBLINGS,
  /** Forget that a sibling cannot be drawn again. */
  Q_KEPT_AMONG_SIBLINGS,
  /** Take the last token from the very number that decided about the draft. */
  ONE_NUMBER_FOR_ALL,
  /** Treat a drawn token as a chosen one after its rejection: only its own probability goes. */
  ONLY_THE_TOKEN_REMOVED;

  /** The token after a node, given the target's distribution. */
  int choose(DraftTree tree, int node, double[] target, Random random) {
    double[] rest = target;
    double[] seen = new double[target.length];
    double number = random.nextDouble();
    for (int n = tree.firstChild(node); n != DraftTree.NONE; n = tree.nextSibling(n)) {
      int token = tree.token(n);
      if (tree.distribution(n) != null) {
        double[] q = conditional(tree.distribution(n), seen);
        double[] p = this == P_KEPT_AMONG_SIBLINGS ? target : rest;
        double u = this == ONE_NUMBER_FOR_ALL ? number : random.nextDouble();
        if (isAccepted(u, p[token], q[token])) {
          return token;
        }
        rest = afterRejection(rest, q, token);
      }
      seen[token] = 1;
    }
    return draw(
        this == RESAMPLE_FROM_P ? target : rest,
        this == ONE_NUMBER_FOR_ALL ? number : random.nextDouble());
  }

  private boolean isAccepted(double u, double p, double q) {
    return switch (this) {
      case Q_IGNORED -> u < p;
      case ACCEPT_ALL -> p > 0;
      default -> u * q < p;
    };
  }

  private double[] conditional(DraftDistribution distribution, double[] seen) {
    double[] q = new double[seen.length];
    for (int i = 0; i < distribution.size(); i++) {
      boolean gone = seen[distribution.token(i)] > 0 && this != Q_KEPT_AMONG_SIBLINGS;
      q[distribution.token(i)] = gone ? 0 : distribution.probability(i);
    }
    return normalised(q);
  }

  private double[] afterRejection(double[] p, double[] q, int token) {
    double[] rest = p.clone();
    if (this == ONLY_THE_TOKEN_REMOVED) {
      rest[token] = 0;
    } else {
      for (int t = 0; t < p.length; t++) {
        rest[t] = Math.max(0, p[t] - q[t]);
      }
    }
    return normalised(rest);
  }

  private static double[] normalised(double[] weights) {
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / sum).toArray();
  }

  private static int draw(double[] p, double u) {
    int last = 0;
    for (int t = 0; t < p.length; t++) {
      if (p[t] > 0) {
        last = t;
        u -= p[t];
        if (u < 0) {
          return t;
        }
      }
    }
    return last;
  }
}
