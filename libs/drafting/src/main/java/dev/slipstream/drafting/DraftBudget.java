package dev.slipstream.drafting;

/**
 * What a draft may be.
 *
 * @param nodes most nodes of the tree, at least 1
 */
public record DraftBudget(int nodes) {
  public DraftBudget {
    if (nodes < 1) {
      throw new IllegalArgumentException("a budget of " + nodes + " nodes");
    }
  }
}
