package dev.slipstream.engine.speculation;

import java.util.Arrays;

/** Builds a {@link DraftTree}; every node is checked as it is added. */
public final class DraftTreeBuilder {
  private final int vocabularySize;
  private final int maxNodes;
  private int[] tokens = new int[16];
  private int[] parents = new int[16];
  private NodeOrigin[] origins = new NodeOrigin[16];
  private int size;

  DraftTreeBuilder(int vocabularySize, int maxNodes) {
    this.vocabularySize = vocabularySize;
    this.maxNodes = maxNodes;
  }

  public int size() {
    return size;
  }

  /**
   * Adds a deterministic node.
   *
   * @param parent an earlier node or {@link DraftTree#ROOT}
   * @return the index of the node
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public int add(int token, int parent) {
    return add(token, parent, NodeOrigin.UNKNOWN);
  }

  /**
   * Adds a node.
   *
   * @param parent an earlier node or {@link DraftTree#ROOT}
   * @return the index of the node
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public int add(int token, int parent, NodeOrigin origin) {
    check(size < maxNodes, "the draft has more than %d nodes", maxNodes);
    check(
        parent >= DraftTree.ROOT && parent < size,
        "draft node %d has parent %d, which is not an earlier node",
        size,
        parent);
    checkToken(token, "draft node %d is token %d");
    for (int n = parent + 1; n < size; n++) {
      check(
          parents[n] != parent || tokens[n] != token,
          "draft nodes %d and %d are both token %d after the same parent",
          n,
          size,
          token);
    }
    DraftDistribution q = origin.q();
    if (q != null) {
      checkToken(q.token(0), "q of draft node %d names token %d");
      checkToken(q.token(q.size() - 1), "q of draft node %d names token %d");
      check(
          q.probabilityOf(token) > 0,
          "draft node %d is token %d, but its q gives that no probability",
          size,
          token);
    }
    grow();
    tokens[size] = token;
    parents[size] = parent;
    origins[size] = origin;
    return size++;
  }

  public DraftTree build() {
    return new DraftTree(
        Arrays.copyOf(tokens, size), Arrays.copyOf(parents, size), Arrays.copyOf(origins, size), 0);
  }

  private void grow() {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size);
      parents = Arrays.copyOf(parents, 2 * size);
      origins = Arrays.copyOf(origins, 2 * size);
    }
  }

  private void checkToken(int token, String what) {
    check(
        token >= 0 && token < vocabularySize,
        what + ", outside the vocabulary of %d",
        size,
        token,
        vocabularySize);
  }

  private static void check(boolean valid, String message, Object... args) {
    if (!valid) {
      throw new IllegalArgumentException(message.formatted(args));
    }
  }
}
