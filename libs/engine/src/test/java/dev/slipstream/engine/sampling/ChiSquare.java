package dev.slipstream.engine.sampling;

/** Pearson's test of counts against probabilities. */
public final class ChiSquare {
  private ChiSquare() {}

  /**
   * How many standard deviations the statistic lies above what chance explains (Wilson and
   * Hilferty's approximation); infinite if something impossible was counted. Exact sampling stays
   * below 4 but for one test in 30,000.
   */
  public static double deviation(long[] counts, double[] probabilities) {
    long draws = 0;
    for (long count : counts) {
      draws += count;
    }
    double statistic = 0;
    double rareExpected = 0;
    long rareCount = 0;
    int cells = 0;
    for (int i = 0; i < counts.length; i++) {
      double expected = draws * probabilities[i];
      if (probabilities[i] == 0 && counts[i] > 0) {
        return Double.POSITIVE_INFINITY;
      }
      if (expected < 10) {
        rareExpected += expected;
        rareCount += counts[i];
      } else {
        statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        cells++;
      }
    }
    if (rareExpected >= 10) {
      statistic += (rareCount - rareExpected) * (rareCount - rareExpected) / rareExpected;
      cells++;
    }
    double freedom = cells - 1;
    if (freedom < 1) {
      return 0;
    }
    double spread = 2 / (9 * freedom);
    return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
  }
}
