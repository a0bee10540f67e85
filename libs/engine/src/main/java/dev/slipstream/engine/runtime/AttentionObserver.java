package dev.slipstream.engine.runtime;

/**
 * Watches where rows of a {@link Batch} look. Several threads call it in a pass, each time for
 * another combination of layer, row and head; none comes twice. What it throws fails the pass.
 */
@FunctionalInterface
public interface AttentionObserver {
  /**
   * Hears how a query head weighs the positions of a row's text: those of the committed tokens,
   * then the row's ancestors in the batch, and last the row itself. The weights of a text add up to
   * 1; before {@code first}, and where the row does not look, they are 0.
   *
   * @param row of the batch
   * @param head query head
   * @param first position of the first weight
   * @param weights {@code weights[from + i]} belongs to position {@code first + i}, for 0 <= i <
   *     count; only to be read, and only until this method returns
   */
  void observe(int row, int layer, int head, int first, float[] weights, int from, int count);
}
