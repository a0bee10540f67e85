package dev.slipstream.engine.speculation;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that may follow the committed text, as a tree: parents stand before their children,
 * siblings differ. Immutable. The first k nodes are a tree again, so a drafter puts the most
 * promising nodes first.
 *
 * <p>A node either is deterministic (however it was selected), or carries the distribution q that
 * its token was drawn from. For nodes with q, verification is exact under these conditions:
 *
 * <ul>
 *   <li>siblings stand in the order in which they were drawn, without replacement: each from its q,
 *       given that it is none of the siblings before it (whether q still contains those does not
 *       matter);
 *   <li>the shape of the tree and the order of its nodes do not depend on the drawn values. A
 *       drafter that draws independently and drops repetitions breaks this, though only when a part
 *       of the tree is verified;
 *   <li>the drafter's randomness is its own, not the target's.
 * </ul>
 */
public final class DraftTree {
  /** Stands for the committed text, of which the top nodes are children. */
  public static final int ROOT = -1;

  /** No such node. */
  public static final int NONE = -2;

  private static final DraftTree EMPTY =
      new DraftTree(new int[0], new int[0], new NodeOrigin[0], 0);

  private final int[] tokens;
  private final int[] parents;
  private final NodeOrigin[] origins;
  private final int[] depths;
  private final int[] firstChild;
  private final int[] nextSibling;
  private final int walked;

  DraftTree(int[] tokens, int[] parents, NodeOrigin[] origins, int walked) {
    this.tokens = tokens;
    this.parents = parents;
    this.origins = origins;
    this.walked = walked;
    this.depths = new int[tokens.length];
    this.firstChild = new int[tokens.length + 1];
    this.nextSibling = new int[tokens.length];
    Arrays.fill(firstChild, NONE);
    for (int n = tokens.length - 1; n >= 0; n--) {
      nextSibling[n] = firstChild[parents[n] + 1];
      firstChild[parents[n] + 1] = n;
    }
    for (int n = 0; n < tokens.length; n++) {
      depths[n] = parents[n] == ROOT ? 1 : depths[parents[n]] + 1;
    }
  }

  /** The tree without nodes. */
  public static DraftTree empty() {
    return EMPTY;
  }

  /**
   * @param vocabularySize tokens are from 0 to below this
   * @param maxNodes most nodes that can be added
   */
  public static DraftTreeBuilder builder(int vocabularySize, int maxNodes) {
    return new DraftTreeBuilder(vocabularySize, maxNodes);
  }

  /** A deterministic chain. */
  public static DraftTree chain(int vocabularySize, int... tokens) {
    DraftTreeBuilder builder = builder(vocabularySize, tokens.length);
    for (int n = 0; n < tokens.length; n++) {
      builder.add(tokens[n], n - 1);
    }
    return builder.build();
  }

  public int size() {
    return tokens.length;
  }

  public boolean isEmpty() {
    return tokens.length == 0;
  }

  public int token(int node) {
    return tokens[node];
  }

  /** Index of the parent, below {@code node}, or {@link #ROOT}. */
  public int parent(int node) {
    return parents[node];
  }

  /** 1 for the children of the root. */
  public int depth(int node) {
    return depths[node];
  }

  /** Number of tokens that were committed along this tree since it was proposed. */
  public int walked() {
    return walked;
  }

  /** The distribution that the token was drawn from, or null for a deterministic node. */
  public @Nullable DraftDistribution distribution(int node) {
    return origins[node].q();
  }

  /** Who found the node, and how. */
  public NodeOrigin origin(int node) {
    return origins[node];
  }

  /**
   * Whether no node carries a distribution: then verification keeps every token of a seeded answer.
   */
  public boolean isDeterministic() {
    for (NodeOrigin origin : origins) {
      if (origin.q() != null) {
        return false;
      }
    }
    return true;
  }

  /** The first child of a node or of {@link #ROOT}, or {@link #NONE}. */
  public int firstChild(int node) {
    return firstChild[node + 1];
  }

  /** The next child of the same parent, or {@link #NONE}. */
  public int nextSibling(int node) {
    return nextSibling[node];
  }

  /** The child with this token, or {@link #NONE}. */
  public int child(int node, int token) {
    int child = firstChild(node);
    while (child != NONE && tokens[child] != token) {
      child = nextSibling[child];
    }
    return child;
  }

  /** The tree of the first {@code size} nodes, or this one if it is no larger. */
  public DraftTree prefix(int size) {
    if (size >= tokens.length) {
      return this;
    }
    return new DraftTree(
        Arrays.copyOf(tokens, size),
        Arrays.copyOf(parents, size),
        Arrays.copyOf(origins, size),
        walked);
  }

  /** What is left of the tree after a token was committed; empty if the token is not in it. */
  public DraftTree advance(int committedToken) {
    int root = child(ROOT, committedToken);
    if (root == NONE) {
      return EMPTY;
    }
    int[] index = new int[tokens.length];
    Arrays.fill(index, NONE);
    index[root] = ROOT;
    int[] newTokens = new int[tokens.length];
    int[] newParents = new int[tokens.length];
    NodeOrigin[] newOrigins = new NodeOrigin[tokens.length];
    int size = 0;
    for (int n = root + 1; n < tokens.length; n++) {
      if (parents[n] != ROOT && index[parents[n]] != NONE) {
        newTokens[size] = tokens[n];
        newParents[size] = index[parents[n]];
        newOrigins[size] = origins[n];
        index[n] = size++;
      }
    }
    return new DraftTree(
        Arrays.copyOf(newTokens, size),
        Arrays.copyOf(newParents, size),
        Arrays.copyOf(newOrigins, size),
        walked + 1);
  }

  /** What is left of the tree after these tokens were committed, one after the other. */
  public DraftTree advance(int[] committedTokens) {
    DraftTree rest = this;
    for (int i = 0; i < committedTokens.length && !rest.isEmpty(); i++) {
      rest = rest.advance(committedTokens[i]);
    }
    return rest;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("DraftTree[");
    for (int n = 0; n < tokens.length; n++) {
      text.append(n == 0 ? "" : " ").append(parents[n]).append('>').append(tokens[n]);
      text.append(origins[n].q() == null ? "" : "~q");
    }
    return text.append(']').toString();
  }
}
