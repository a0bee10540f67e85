package dev.slipstream.draft.drafter;

import dev.slipstream.engine.speculation.DraftTree;

/** One text and what a drafter knows about it. For one thread at a time. */
public interface DraftSession extends AutoCloseable {
  /**
   * The text goes on with these tokens.
   *
   * @param tokens ids from 0
   */
  void append(int[] tokens);

  /**
   * Guesses how the text goes on. The first k nodes of the tree, for every k, are meant to be the
   * best tree of k nodes, and the first child of each node the likeliest one.
   *
   * @param maxNodes most nodes of the tree, at least 1
   * @return a tree, empty if there is no guess
   */
  DraftTree propose(int maxNodes);

  /** Frees what the session holds. */
  @Override
  void close();
}
