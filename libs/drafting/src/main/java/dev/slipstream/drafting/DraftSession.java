package dev.slipstream.drafting;

import dev.slipstream.engine.speculation.DraftTree;
import java.util.Optional;

/** One text and what a drafter knows about it. For one thread at a time. */
public interface DraftSession extends AutoCloseable {
  /** The text goes on; the first call brings the prompt. */
  void observe(Progress progress);

  /**
   * Guesses how the text goes on. The first k nodes of the tree, for every k, are meant to be the
   * best tree of k nodes, and the first child of each node the likeliest one.
   *
   * @return a tree in place of the one that was proposed before, and without nodes if the drafter
   *     knows nothing; nothing at all as long as the tree before, which the target follows by
   *     itself, still serves
   */
  Optional<DraftTree> propose(DraftBudget budget);

  /** Frees what the session holds. */
  @Override
  void close();
}
