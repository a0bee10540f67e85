package dev.slipstream.target.spi;

import dev.slipstream.engine.speculation.DraftTree;
import java.util.List;

/**
 * Divides the rows that a pass has left among the drafts of its sequences. What is verified never
 * changes an answer, only when it comes.
 */
public interface DraftAllocator {
  /**
   * First come, first served: in the order in which they were admitted, each sequence's gate takes
   * what pays beside the rows that the pass has by then.
   */
  DraftAllocator ARRIVAL =
      (candidates, rows) -> candidates.forEach(draft -> draft.verify(draft.worthwhile(rows)));

  /**
   * Has every candidate verify what it is given, once at most; those that are left out decode
   * plainly.
   *
   * @param candidates sequences that have a draft, in the order in which they were admitted
   * @param rows that are left, one for each node
   */
  void allocate(List<? extends Candidate> candidates, int rows);

  /** The draft of one sequence while a pass is planned. */
  interface Candidate {
    SequenceView sequence();

    /** Not empty. */
    DraftTree tree();

    /** Most nodes of it that the request allows in a pass. */
    int limit();

    /**
     * How many tokens the pass is expected to commit if it verifies the first nodes, from the
     * acceptance seen so far.
     *
     * @return 1 for no nodes
     */
    double expectedTokens(int nodes);

    /**
     * How many nodes the sequence's gate finds worth their rows, beside what the pass has so far.
     *
     * @param most nodes; what the request allows, and what rows are left, limit it too
     */
    int worthwhile(int most);

    /**
     * Puts the first nodes into the pass.
     *
     * @return whether they are; false if the request allows fewer, or if no rows or KV blocks are
     *     left for so many
     */
    boolean verify(int nodes);
  }
}
