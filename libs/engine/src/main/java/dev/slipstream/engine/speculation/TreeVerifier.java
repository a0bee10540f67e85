package dev.slipstream.engine.speculation;

import static dev.slipstream.engine.speculation.DraftTree.NONE;
import static dev.slipstream.engine.speculation.DraftTree.ROOT;

import dev.slipstream.engine.sampling.TokenDistribution;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Decides which tokens of a draft are kept, so that the answer has exactly the target's
 * distribution (speculative sampling, arXiv 2211.17192 and 2302.01318; for trees, SpecInfer, arXiv
 * 2305.09781).
 *
 * <p>At each node p is the target's distribution after bias, penalties, temperature and truncation.
 *
 * <ol>
 *   <li>Children with a q are tried in order: token x is accepted with probability min(1, p(x) /
 *       q(x)), where q is conditioned on not being an earlier sibling; after a rejection p becomes
 *       norm(max(0, p - q)).
 *   <li>Then a token is drawn from what p is now. If it is a child, the walk goes on there.
 *       Otherwise, and at a leaf, it is the last token.
 * </ol>
 *
 * <p>If all children are deterministic, only the second step is left, with the very draw that plain
 * decoding uses at that position: a seeded answer, and a greedy one, stays the same token for
 * token.
 */
public final class TreeVerifier {
  private TreeVerifier() {}

  /**
   * @param logits the array that holds the target's logits, one row for the root and for each node
   * @param rowOffset where the row of a node starts; {@link DraftTree#ROOT} asks for the row of the
   *     last committed token
   * @param history the committed text; as it was when the call returns
   */
  public static Verdict verify(
      DraftTree tree,
      float[] logits,
      IntUnaryOperator rowOffset,
      TokenSampler sampler,
      TokenHistory history) {
    int committed = history.length();
    int[] path = new int[tree.size()];
    int[] tokens = new int[tree.size() + 1];
    int accepted = 0;
    int node = ROOT;
    try {
      while (true) {
        int token = choose(tree, node, logits, rowOffset.applyAsInt(node), sampler, history);
        tokens[accepted] = token;
        node = tree.child(node, token);
        if (node == NONE) {
          return new Verdict(Arrays.copyOf(path, accepted), Arrays.copyOf(tokens, accepted + 1));
        }
        path[accepted++] = node;
        history.append(token);
      }
    } finally {
      history.truncate(committed);
    }
  }

  private static int choose(
      DraftTree tree,
      int node,
      float[] logits,
      int offset,
      TokenSampler sampler,
      TokenHistory history) {
    if (!hasDrawnChild(tree, node)) {
      return sampler.sample(logits, offset, history);
    }
    int position = history.length();
    TokenDistribution p = sampler.distribution(logits, offset, history);
    int[] tried = new int[tree.size()];
    int count = 0;
    for (int n = tree.firstChild(node); n != NONE; n = tree.nextSibling(n)) {
      int token = tree.token(n);
      DraftDistribution drawnFrom = tree.distribution(n);
      if (drawnFrom != null) {
        DraftDistribution q = drawnFrom.without(tried, count);
        double u = sampler.uniform(position, 1 + count);
        // Where p - q is nowhere above 0, p equals q but for rounding, and every draw is accepted.
        if (u * q.probabilityOf(token) < p.probabilityOf(token)
            || !p.subtract(q.tokens(), q.probabilities(), token)) {
          return token;
        }
      }
      tried[count++] = token;
    }
    return p.sample(sampler.uniform(position, 0));
  }

  private static boolean hasDrawnChild(DraftTree tree, int node) {
    for (int n = tree.firstChild(node); n != NONE; n = tree.nextSibling(n)) {
      if (tree.distribution(n) != null) {
        return true;
      }
    }
    return false;
  }
}
