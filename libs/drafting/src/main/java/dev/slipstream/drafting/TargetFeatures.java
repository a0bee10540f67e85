package dev.slipstream.drafting;

/**
 * What a target tells its drafters besides the text.
 *
 * @param teacherTokens of how many of its likeliest tokens it tells, at most, where it refuses a
 *     draft token; 0 if of none
 */
public record TargetFeatures(int teacherTokens) {
  /** The text and what became of the drafts, no more. */
  public static final TargetFeatures NONE = new TargetFeatures(0);

  public TargetFeatures {
    if (teacherTokens < 0) {
      throw new IllegalArgumentException("teacher tokens: " + teacherTokens);
    }
  }
}
