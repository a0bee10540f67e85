package dev.slipstream.engine.runtime;

/**
 * Which positions of its text a row looks at. Several threads ask it in a pass, several times for
 * the same row, and must get the same answer. What it throws fails the pass.
 */
@FunctionalInterface
public interface PlaceSelection {
  /**
   * Selects positions for the query heads of a key/value head. A row also sees itself, selected or
   * not, and nothing that lies outside of the layer's own window.
   *
   * @param position of the row; its ancestors in the batch, if any, stand at the positions before
   * @param seen empty; takes positions up to this one, in ascending order
   */
  void select(int layer, int kvHead, int position, PositionRanges seen);
}
