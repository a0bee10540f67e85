package dev.slipstream.engine.attention;

import dev.slipstream.engine.runtime.PlaceSelection;
import dev.slipstream.engine.runtime.PositionRanges;

/**
 * The last tokens of a text.
 *
 * @param tokens how many of them a row looks at, itself included; from 1 to {@link
 *     Integer#MAX_VALUE}, which is all
 */
public record Window(int tokens) implements PlaceSelection {
  public Window {
    if (tokens < 1) {
      throw new IllegalArgumentException("a window has at least 1 token, not " + tokens);
    }
  }

  /** First position that a row at this one looks at. */
  int first(int position) {
    return Math.max(0, position - tokens + 1);
  }

  @Override
  public void select(int layer, int kvHead, int position, PositionRanges seen) {
    seen.add(first(position), position + 1);
  }
}
