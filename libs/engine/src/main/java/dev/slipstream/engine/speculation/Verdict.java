package dev.slipstream.engine.speculation;

import java.util.Arrays;

/**
 * The outcome of verifying a tree: some accepted nodes from the root down, then one token more.
 *
 * @param acceptedNodes nodes of the accepted path; may be empty
 * @param tokens the tokens of these nodes and the one that follows them
 */
public record Verdict(int[] acceptedNodes, int[] tokens) {

  public Verdict {
    if (tokens.length != acceptedNodes.length + 1) {
      throw new IllegalArgumentException(
          acceptedNodes.length + " accepted nodes and " + tokens.length + " tokens");
    }
  }

  public int accepted() {
    return acceptedNodes.length;
  }

  /** The node whose logits the i-th token was chosen from, or {@link DraftTree#ROOT}. */
  public int chosenAt(int i) {
    return i == 0 ? DraftTree.ROOT : acceptedNodes[i - 1];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Verdict that
        && Arrays.equals(acceptedNodes, that.acceptedNodes)
        && Arrays.equals(tokens, that.tokens);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(acceptedNodes) + Arrays.hashCode(tokens);
  }

  @Override
  public String toString() {
    return "Verdict[" + Arrays.toString(acceptedNodes) + " -> " + Arrays.toString(tokens) + "]";
  }
}
