package dev.slipstream.engine.speculation;

/**
 * What a pass would be for one sequence that decides about its draft.
 *
 * @param cost of passes
 * @param others what the pass carries besides
 * @param context committed tokens of the sequence, which each of its rows looks at
 * @param draft what the sequence's drafts take from passes
 */
public record PassOutlook(PassCost cost, BatchLoad others, int context, DraftCost draft) {
  /** Expected throughput without a draft, in tokens per second. */
  double plain() {
    return (others.tokens() + 1) / seconds(1);
  }

  /**
   * Expected throughput with a draft.
   *
   * @param tokens that the sequence is expected to commit
   */
  double drafted(int nodes, double tokens) {
    return (others.tokens() + tokens) / (seconds(1 + nodes) + draft.passSeconds());
  }

  private double seconds(int rows) {
    return cost.seconds(others.rows() + rows, others.kvTokens() + (long) rows * context);
  }
}
