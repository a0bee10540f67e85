package dev.slipstream.engine.speculation;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** Draft trees of every shape, drawn from the toy drafter's distribution or chosen by it. */
public final class ToyDrafters {
  private final ToyModels models;
  private final Random random;

  public ToyDrafters(ToyModels models, long seed) {
    this.models = models;
    this.random = new Random(seed);
  }

  /** How the children of a node come about. */
  public enum Children {
    /** The drafter's likeliest tokens. */
    CHOSEN,
    /** Drawn without replacement; q of each still names the ones before it. */
    DRAWN,
    /** The same, with q as it was at each draw. */
    DRAWN_REDUCED,
    /** Drawn independently of each other, repetitions dropped. */
    DRAWN_REPEATEDLY,
    /** One drawn, then the likeliest others. */
    DRAWN_THEN_CHOSEN,
    /** The likeliest, then others drawn. */
    CHOSEN_THEN_DRAWN,
    /** Chosen on even levels, drawn on odd ones. */
    MIXED_LEVELS
  }

  /** A tree with this many children below each node of each level. */
  public DraftTree tree(Children children, int[] text, int... widths) {
    DraftTreeBuilder builder = DraftTree.builder(models.vocabulary, 1000);
    grow(builder, children, text, DraftTree.ROOT, widths, 0);
    return builder.build();
  }

  private void grow(
      DraftTreeBuilder builder,
      Children children,
      int[] text,
      int parent,
      int[] widths,
      int level) {
    if (level == widths.length) {
      return;
    }
    double[] q = models.draft(text);
    double[] rest = q.clone();
    for (int i = 0; i < widths[level]; i++) {
      boolean drawn = isDrawn(children, level, i);
      boolean repeatedly = children == Children.DRAWN_REPEATEDLY;
      int token = drawn ? draw(repeatedly ? q : rest) : likeliest(rest);
      boolean reduced = children == Children.DRAWN_REDUCED;
      if (token < 0 || rest[token] == 0) {
        continue;
      }
      NodeOrigin origin =
          drawn ? NodeOrigin.drawn(distribution(reduced ? rest : q)) : NodeOrigin.UNKNOWN;
      int node = builder.add(token, parent, origin);
      rest[token] = 0;
      grow(builder, children, ToyModels.append(text, token), node, widths, level + 1);
    }
  }

  private static boolean isDrawn(Children children, int level, int i) {
    return switch (children) {
      case CHOSEN -> false;
      case DRAWN, DRAWN_REDUCED, DRAWN_REPEATEDLY -> true;
      case DRAWN_THEN_CHOSEN -> i == 0;
      case CHOSEN_THEN_DRAWN -> i > 0;
      case MIXED_LEVELS -> level % 2 == 1;
    };
  }

  private int draw(double[] weights) {
    double u = random.nextDouble() * Arrays.stream(weights).sum();
    int last = -1;
    for (int t = 0; t < weights.length; t++) {
      if (weights[t] > 0) {
        last = t;
        u -= weights[t];
        if (u < 0) {
          return t;
        }
      }
    }
    return last;
  }

  private static int likeliest(double[] weights) {
    int best = 0;
    for (int t = 1; t < weights.length; t++) {
      best = weights[t] > weights[best] ? t : best;
    }
    return best;
  }

  static DraftDistribution distribution(double[] weights) {
    int[] tokens = IntStream.range(0, weights.length).filter(t -> weights[t] > 0).toArray();
    double sum = Arrays.stream(weights).sum();
    float[] probabilities = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      probabilities[i] = (float) (weights[tokens[i]] / sum);
    }
    return DraftDistribution.of(tokens, probabilities);
  }
}
