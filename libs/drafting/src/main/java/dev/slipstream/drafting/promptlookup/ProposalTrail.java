package dev.slipstream.drafting.promptlookup;

import dev.slipstream.engine.speculation.DraftTree;

/**
 * What is left of the last proposal, as the target sees it: a target goes on along a tree by
 * itself, so a new proposal is due only when the text has left the tree or has used up half of its
 * main chain.
 */
final class ProposalTrail {
  private DraftTree rest = DraftTree.empty();
  private int proposedLength;

  /** The text went on. */
  void follow(int[] tokens) {
    rest = rest.advance(tokens);
  }

  boolean isNextDue() {
    return 2 * mainChain(rest) < proposedLength || rest.isEmpty();
  }

  /** Whether nothing is left. */
  boolean isOver() {
    return rest.isEmpty();
  }

  /** Whether a tree tells the target anything that what it has does not. */
  boolean isNews(DraftTree tree) {
    return mainChain(tree) > mainChain(rest);
  }

  void proposed(DraftTree tree) {
    rest = tree;
    proposedLength = mainChain(tree);
  }

  private static int mainChain(DraftTree tree) {
    int length = 0;
    for (int n = tree.firstChild(DraftTree.ROOT); n != DraftTree.NONE; n = tree.firstChild(n)) {
      length++;
    }
    return length;
  }
}
