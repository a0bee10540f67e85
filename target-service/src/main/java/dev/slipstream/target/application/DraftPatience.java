package dev.slipstream.target.application;

/**
 * Whether a pass should wait a moment for a draft that is on its way. A pass without a draft
 * commits one token; the draft that comes a little later would have brought more. But a wait may be
 * in vain: the drafter may know nothing, or be far away. So it is learnt from the waits of this
 * text whether they pay. Plain state, no clock; not thread-safe.
 */
final class DraftPatience {
  /** Longest wait, in passes over one row. */
  static final double BUDGET = 0.25;

  /** Weight of the latest wait. */
  private static final double LEARNING_RATE = 0.1;

  /** Where waits do not pay, every so many passes try one, since the text may have changed. */
  private static final int TRIAL = 16;

  private double success = 0.5;
  private int passed;

  /**
   * @param gain of a pass with a draft against one without, in tokens per second
   */
  boolean isWorthwhile(double gain) {
    return success * (gain - 1) > BUDGET || ++passed % TRIAL == 0;
  }

  /** Learns from a wait. */
  void waited(boolean brought) {
    success += LEARNING_RATE * ((brought ? 1 : 0) - success);
  }
}
