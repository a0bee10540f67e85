package dev.slipstream.drafting;

/**
 * A way to guess how a text goes on. What it proposes is advice: it decides how fast an answer
 * comes, and never what it says. Safe for use by several threads.
 */
public interface Drafter {
  /** The name by which requests and configuration choose it, and statistics tell of it. */
  String name();

  /** One sentence for people. */
  String description();

  /**
   * Wherever the target refuses a token of this drafter, of how many of the target's likeliest ones
   * it wants to hear, as {@link dev.slipstream.engine.speculation.TeacherProbabilities}; 0 if it
   * has no use for them. It is told of no more than {@link TargetFeatures} offers.
   */
  default int teacherTokens() {
    return 0;
  }

  /** Starts to follow a text that is empty as yet. */
  DraftSession open(DraftContext context);
}
