package dev.slipstream.engine.speculation;

import java.util.Optional;

/**
 * What became of the draft that one pass verified, for the drafter that made it. The tokens that
 * were committed tell the path; the first {@code accepted} of them are draft tokens.
 *
 * @param baseLength tokens of the text, prompt included, before those that the pass committed
 * @param drafted draft tokens that the pass verified, at least 1
 * @param accepted how many of them became part of the text
 * @param refusal what the target thinks of the place where it refused a draft token, {@code
 *     baseLength + accepted}; empty if it refused none there, or if nobody asked
 */
public record VerifiedDraft(
    int baseLength, int drafted, int accepted, Optional<TeacherProbabilities> refusal) {
  /**
   * @throws IllegalArgumentException naming the number that cannot be
   */
  public VerifiedDraft {
    check(baseLength >= 1, "base length", baseLength);
    check(drafted >= 1, "number of draft tokens", drafted);
    check(accepted >= 0 && accepted <= drafted, "number of accepted draft tokens", accepted);
  }

  private static void check(boolean holds, String what, int value) {
    if (!holds) {
      throw new IllegalArgumentException("the " + what + " is " + value);
    }
  }
}
