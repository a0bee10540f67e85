package dev.slipstream.engine.speculation;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a draft node comes from.
 *
 * @param source name of the technique that found it, under which its acceptance is kept; empty if
 *     not stated
 * @param probability the technique's own estimate that the token follows its parent, from 0 to 1;
 *     NaN if it makes none. For a token that was drawn it depends on the distribution only and not
 *     on what was drawn, as nodes are ordered by it
 * @param q the distribution that the token was drawn from, or null for a deterministic node
 */
public record NodeOrigin(String source, float probability, @Nullable DraftDistribution q) {
  /** A deterministic node of which nothing else is known. */
  public static final NodeOrigin UNKNOWN = new NodeOrigin("", Float.NaN, null);

  /**
   * @throws IllegalArgumentException if the probability is none
   */
  public NodeOrigin {
    Objects.requireNonNull(source);
    if (probability < 0 || probability > 1) {
      throw new IllegalArgumentException("probability is " + probability + ", not from 0 to 1");
    }
  }

  /** A deterministic node. */
  public static NodeOrigin of(String source, double probability) {
    return new NodeOrigin(source, (float) probability, null);
  }

  /** A token that was drawn from {@code q}, of which nothing else is known. */
  public static NodeOrigin drawn(DraftDistribution q) {
    return UNKNOWN.drawnFrom(q);
  }

  /** The same of a token that was drawn from {@code q}. */
  public NodeOrigin drawnFrom(DraftDistribution q) {
    return new NodeOrigin(source, probability, q);
  }

  /** The source, or the drafter that proposed the tree where a node states none. */
  public String sourceOr(String drafter) {
    return source.isEmpty() ? drafter : source;
  }

  public boolean hasProbability() {
    return !Float.isNaN(probability);
  }
}
