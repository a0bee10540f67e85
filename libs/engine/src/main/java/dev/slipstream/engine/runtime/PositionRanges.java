package dev.slipstream.engine.runtime;

import java.util.Arrays;

/** Positions of a text, as ascending ranges that do not overlap. Meant to be reused. */
public final class PositionRanges {
  private int[] bounds = new int[16];
  private int count;
  private int limit;

  /** Takes all ranges out; those to come are to end at the limit or before. */
  public void clear(int limit) {
    this.limit = limit;
    count = 0;
  }

  /**
   * Adds the positions from {@code from} to {@code to} - 1; none if the two are equal.
   *
   * @throws IllegalArgumentException if they are not behind those that were added before, or reach
   *     beyond the text
   */
  public void add(int from, int to) {
    if (from < end() || to < from || to > limit) {
      throw new IllegalArgumentException(
          "[%d, %d) is no range of positions behind those before %d in a text of %d"
              .formatted(from, to, end(), limit));
    }
    if (from == to) {
      return;
    }
    if (2 * count == bounds.length) {
      bounds = Arrays.copyOf(bounds, 2 * bounds.length);
    }
    bounds[2 * count] = from;
    bounds[2 * count + 1] = to;
    count++;
  }

  /** Number of ranges. */
  public int count() {
    return count;
  }

  /** First position of a range. */
  public int from(int range) {
    return bounds[2 * range];
  }

  /** End (exclusive) of a range. */
  public int to(int range) {
    return bounds[2 * range + 1];
  }

  /** End (exclusive) of the last range; 0 if there is none. */
  public int end() {
    return count == 0 ? 0 : to(count - 1);
  }
}
