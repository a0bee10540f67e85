package dev.slipstream.engine.speculation;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * T(k, c): how long a forward pass takes over k rows whose attention looks at c tokens. The first
 * part is that of the weights, a table over k: between measured row counts it is a straight line,
 * beyond the last one it goes on with the mean slope of all; it never falls as rows are added. To
 * it comes a price for each token that a row looks at. Made from a {@link CostMeasurement}, refined
 * by the times of real passes.
 *
 * <p>T(k) alone is that of short texts, where attention takes no notable part.
 *
 * <p>Immutable, so that a decode loop can keep the newest one in a volatile field for others to
 * read.
 */
public final class PassCost {
  /**
   * A single step never counts for more than this, up or down: pauses are not the model's speed.
   */
  private static final double CLIP = 1.5;

  private static final double COMMON_RATE = 0.05;
  private static final double LOCAL_RATE = 0.005;

  private final int[] rows;
  private final double[] seconds;

  /** Of one row that looks at one token. */
  private final double kvTokenSeconds;

  /** Speed now against that of the other figures: neighbours change all alike. */
  private final double scale;

  private PassCost(int[] rows, double[] seconds, double kvTokenSeconds, double scale) {
    this.rows = rows;
    this.seconds = seconds;
    this.kvTokenSeconds = kvTokenSeconds;
    this.scale = scale;
  }

  /**
   * A cost in which attention is free.
   *
   * @param secondsByRows measured seconds of a pass, above 0, by number of rows; 1 row is required
   * @throws IllegalArgumentException saying what is wrong
   */
  public static PassCost of(Map<Integer, Double> secondsByRows) {
    return of(secondsByRows, 0);
  }

  /**
   * @param secondsByRows measured seconds of a pass, above 0, by number of rows; 1 row is required
   * @param kvTokenSeconds what it takes one row to look at one token more; at least 0
   * @throws IllegalArgumentException saying what is wrong
   */
  public static PassCost of(Map<Integer, Double> secondsByRows, double kvTokenSeconds) {
    if (!(kvTokenSeconds >= 0 && kvTokenSeconds < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("a token of KV in " + kvTokenSeconds + " s");
    }
    TreeMap<Integer, Double> sorted = new TreeMap<>(secondsByRows);
    if (sorted.isEmpty() || sorted.firstKey() != 1) {
      throw new IllegalArgumentException("the cost of passes needs the time of 1 row: " + sorted);
    }
    int[] rows = new int[sorted.size()];
    double[] seconds = new double[sorted.size()];
    int i = 0;
    for (Map.Entry<Integer, Double> point : sorted.entrySet()) {
      checkSeconds(point.getKey(), point.getValue());
      rows[i] = point.getKey();
      seconds[i++] = point.getValue();
    }
    return new PassCost(rows, monotone(seconds), kvTokenSeconds, 1);
  }

  /** Seconds that a pass over {@code count} rows of short texts is expected to take. */
  public double seconds(int count) {
    return seconds(count, 0);
  }

  /**
   * Seconds that a pass is expected to take; 0 for no rows.
   *
   * @param kvTokens committed tokens that attention looks at, summed over the rows: a row behind a
   *     text of n tokens looks at n
   */
  public double seconds(int count, long kvTokens) {
    if (count < 0 || kvTokens < 0) {
      throw new IllegalArgumentException(count + " rows that look at " + kvTokens + " tokens");
    }
    return count == 0 ? 0 : scale * (shape(count) + kvTokenSeconds * kvTokens);
  }

  /** T(count) / T(1), behind short texts. */
  public double relative(int count) {
    return seconds(count) / seconds(1);
  }

  /**
   * The acceptance rate at which verifying a chain of {@code draftTokens} is as fast as doing
   * without, in a batch of one: the a at which 1 + a + ... + a^k = T(1 + k) / T(1).
   *
   * @param draftTokens k, at least 1
   * @return 0 to 1; 1 also if no acceptance is enough
   */
  public double breakEvenAcceptance(int draftTokens) {
    if (draftTokens < 1) {
      throw new IllegalArgumentException(draftTokens + " draft tokens");
    }
    double price = relative(1 + draftTokens);
    double low = 0;
    double high = 1;
    while (high - low > 1e-6) {
      double middle = (low + high) / 2;
      if (expectedTokens(middle, draftTokens) < price) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  private static double expectedTokens(double acceptance, int draftTokens) {
    double tokens = 1;
    for (int i = 0; i < draftTokens; i++) {
      tokens = 1 + acceptance * tokens;
    }
    return tokens;
  }

  /** The largest row count that was measured. */
  public int measuredRows() {
    return rows[rows.length - 1];
  }

  /**
   * This cost after a real pass: all times move a little towards it, those of similar row counts,
   * and the price of attention as far as it had a part in it, a little more.
   *
   * @param count rows of the pass, at least 1
   * @param kvTokens as in {@link #seconds(int, long)}
   * @param measured its seconds, above 0
   */
  public PassCost observe(int count, long kvTokens, double measured) {
    checkSeconds(count, measured);
    double surprise = Math.clamp(measured / seconds(count, kvTokens), 1 / CLIP, CLIP);
    double attention = scale * kvTokenSeconds * kvTokens / seconds(count, kvTokens);
    double local = Math.pow(surprise, LOCAL_RATE * (1 - attention));
    double[] moved = seconds.clone();
    int above = indexAtOrAbove(count);
    int below = Math.max(0, rows[Math.min(above, rows.length - 1)] == count ? above : above - 1);
    double share =
        above < rows.length && above != below
            ? (double) (count - rows[below]) / (rows[above] - rows[below])
            : 0;
    moved[below] *= Math.pow(local, 1 - share);
    if (share > 0) {
      moved[above] *= Math.pow(local, share);
    }
    return new PassCost(
        rows,
        monotone(moved),
        kvTokenSeconds * Math.pow(surprise, LOCAL_RATE * attention),
        scale * Math.pow(surprise, COMMON_RATE));
  }

  @Override
  public String toString() {
    return "T(1) = %.3g s, T(%d)/T(1) = %.2f, and %.3g s for each 1000 tokens that a row looks at"
        .formatted(
            seconds(1), measuredRows(), relative(measuredRows()), seconds(1, 1000) - seconds(1));
  }

  private double shape(int count) {
    int above = indexAtOrAbove(count);
    if (above < rows.length && rows[above] == count) {
      return seconds[above];
    }
    int last = rows.length - 1;
    if (above > last) {
      double slope = last == 0 ? seconds[0] : (seconds[last] - seconds[0]) / (rows[last] - rows[0]);
      return seconds[last] + slope * (count - rows[last]);
    }
    double share = (double) (count - rows[above - 1]) / (rows[above] - rows[above - 1]);
    return seconds[above - 1] + share * (seconds[above] - seconds[above - 1]);
  }

  private int indexAtOrAbove(int count) {
    int at = Arrays.binarySearch(rows, count);
    return at >= 0 ? at : -at - 1;
  }

  /** The nearest sequence that never falls: neighbours in the wrong order are averaged. */
  private static double[] monotone(double[] values) {
    if (isMonotone(values)) {
      return values;
    }
    double[] means = new double[values.length];
    int[] sizes = new int[values.length];
    int pools = 0;
    for (double value : values) {
      means[pools] = value;
      sizes[pools++] = 1;
      while (pools > 1 && means[pools - 2] > means[pools - 1]) {
        int size = sizes[pools - 2] + sizes[pools - 1];
        means[pools - 2] =
            (means[pools - 2] * sizes[pools - 2] + means[pools - 1] * sizes[pools - 1]) / size;
        sizes[pools - 2] = size;
        pools--;
      }
    }
    double[] out = new double[values.length];
    for (int pool = 0, i = 0; pool < pools; i += sizes[pool++]) {
      Arrays.fill(out, i, i + sizes[pool], means[pool]);
    }
    return out;
  }

  private static boolean isMonotone(double[] values) {
    for (int i = 1; i < values.length; i++) {
      if (values[i - 1] > values[i]) {
        return false;
      }
    }
    return true;
  }

  private static void checkSeconds(int rows, double seconds) {
    if (rows < 1 || !(seconds > 0 && seconds < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(rows + " rows in " + seconds + " s");
    }
  }
}
