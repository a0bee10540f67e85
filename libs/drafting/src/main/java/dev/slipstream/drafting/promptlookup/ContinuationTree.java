package dev.slipstream.drafting.promptlookup;

import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Merges the continuations of several occurrences into one tree, the likeliest node first, so that
 * every prefix of the node list is the best tree of its size under this estimate:
 *
 * <ul>
 *   <li>among the continuations that agree with the path so far, the next token is one of theirs in
 *       proportion to their weights;
 *   <li>it is a token of theirs at all with probability m/(m+1), where m is the length of the
 *       longest of their matches, which the path prolongs. A chain of d tokens after a match of m
 *       then holds with probability m/(m+d).
 * </ul>
 */
final class ContinuationTree {
  /**
   * @param tokens what followed
   * @param matched length of the match before it, at least 1
   * @param weight its share in the vote
   */
  record Continuation(int[] tokens, int matched, double weight) {}

  /**
   * A node that may be added: {@code agreeing} has a bit for each continuation that leads to it,
   * {@code share} is its probability if its parent is reached.
   */
  private record Option(
      double probability,
      double share,
      int order,
      int token,
      int parent,
      int depth,
      long agreeing) {}

  private final List<Continuation> continuations;
  private final PriorityQueue<Option> options =
      new PriorityQueue<>(
          (a, b) ->
              a.probability != b.probability
                  ? Double.compare(b.probability, a.probability)
                  : Integer.compare(a.order, b.order));
  private int order;

  /**
   * @param continuations at most 64, the best first
   */
  ContinuationTree(List<Continuation> continuations) {
    this.continuations = continuations;
  }

  DraftTree build(int maxNodes) {
    DraftTreeBuilder tree = DraftTree.builder(Integer.MAX_VALUE, maxNodes);
    offerChildren(
        1, DraftTree.ROOT, 0, continuations.isEmpty() ? 0 : -1L >>> (64 - continuations.size()));
    for (int n = 0; n < maxNodes && !options.isEmpty(); n++) {
      Option best = options.remove();
      tree.add(best.token, best.parent, NodeOrigin.of(PromptLookupDrafter.NAME, best.share));
      offerChildren(best.probability, n, best.depth, best.agreeing);
    }
    return tree.build();
  }

  private void offerChildren(double probability, int parent, int depth, long agreeing) {
    double total = weight(agreeing);
    for (long open = agreeing; open != 0; ) {
      Continuation first = continuations.get(Long.numberOfTrailingZeros(open));
      if (first.tokens.length <= depth) {
        open &= open - 1;
        continue;
      }
      int token = first.tokens[depth];
      long same = agreeing(open, depth, token);
      int matched = longestMatch(same) + depth;
      double share = weight(same) / total * matched / (matched + 1);
      options.add(new Option(probability * share, share, order++, token, parent, depth + 1, same));
      open &= ~same;
    }
  }

  private long agreeing(long among, int depth, int token) {
    long same = 0;
    for (long rest = among; rest != 0; rest &= rest - 1) {
      int[] tokens = continuations.get(Long.numberOfTrailingZeros(rest)).tokens;
      if (tokens.length > depth && tokens[depth] == token) {
        same |= Long.lowestOneBit(rest);
      }
    }
    return same;
  }

  private double weight(long of) {
    double sum = 0;
    for (long rest = of; rest != 0; rest &= rest - 1) {
      sum += continuations.get(Long.numberOfTrailingZeros(rest)).weight;
    }
    return sum;
  }

  private int longestMatch(long of) {
    int longest = 0;
    for (long rest = of; rest != 0; rest &= rest - 1) {
      longest = Math.max(longest, continuations.get(Long.numberOfTrailingZeros(rest)).matched);
    }
    return longest;
  }
}
