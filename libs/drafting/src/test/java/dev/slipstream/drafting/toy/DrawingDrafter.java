package dev.slipstream.drafting.toy;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Draws a chain from the last distinct tokens of the text, each as likely as the others, and ships
 * that q; where the target is greedy, it makes the first of them a deterministic node.
 */
public final class DrawingDrafter implements Drafter {
  public static final String NAME = "drawing";
  private static final int DEPTH = 3;
  private final int candidates;

  /**
   * @param candidates tokens to draw from
   */
  public DrawingDrafter(int candidates) {
    this.candidates = candidates;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "Draws from the last " + candidates + " tokens";
  }

  @Override
  public DraftSession open(DraftContext context) {
    Random random = new Random(context.sampling().seed());
    return new DraftSession() {
      private int[] latest = {};

      @Override
      public void observe(Progress progress) {
        latest =
            IntStream.concat(Arrays.stream(latest), Arrays.stream(progress.tokens()))
                .boxed()
                .toList()
                .reversed()
                .stream()
                .distinct()
                .limit(candidates)
                .toList()
                .reversed()
                .stream()
                .mapToInt(Integer::intValue)
                .toArray();
      }

      @Override
      public Optional<DraftTree> propose(DraftBudget budget) {
        float[] uniform = new float[latest.length];
        Arrays.fill(uniform, 1f / uniform.length);
        NodeOrigin origin = NodeOrigin.of(NAME, uniform[0]);
        DraftTreeBuilder tree = DraftTree.builder(Integer.MAX_VALUE, budget.nodes());
        for (int n = 0; n < Math.min(DEPTH, budget.nodes()); n++) {
          if (context.sampling().isGreedy()) {
            tree.add(latest[0], n - 1, origin);
          } else {
            int token = latest[random.nextInt(latest.length)];
            tree.add(token, n - 1, origin.drawnFrom(DraftDistribution.of(latest, uniform)));
          }
        }
        return Optional.of(tree.build());
      }

      @Override
      public void close() {}
    };
  }
}
