package dev.slipstream.engine.speculation;

import org.jspecify.annotations.Nullable;

/**
 * A draft on its way to the target.
 *
 * @param epoch grows with every draft for a text
 * @param baseLength tokens, prompt included, that the tree continues; at least 1
 * @param tree the best nodes first; without nodes if the drafter knows nothing
 * @param drafter name of who made it
 * @param seconds that it took
 * @param teacherTokens of how many of the target's likeliest tokens the drafter wants to hear where
 *     a token of this draft is refused; 0 for none
 */
public record Proposed(
    long epoch, int baseLength, DraftTree tree, String drafter, double seconds, int teacherTokens) {
  /** The later of two; {@code known} if both are of one epoch. */
  public static Proposed later(@Nullable Proposed known, Proposed next) {
    return known == null || next.epoch > known.epoch ? next : known;
  }
}
