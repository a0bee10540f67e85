package dev.slipstream.standalone.bench;

import java.util.Arrays;

/** Plain statistics of samples, of which there is at least one. */
final class Statistics {

  private Statistics() {}

  static double mean(double[] samples) {
    return Arrays.stream(samples).average().orElseThrow();
  }

  /** Standard deviation of the sample; 0 for a single one. */
  static double deviation(double[] samples) {
    if (samples.length < 2) {
      return 0;
    }
    double mean = mean(samples);
    double squares = Arrays.stream(samples).map(x -> (x - mean) * (x - mean)).sum();
    return Math.sqrt(squares / (samples.length - 1));
  }

  static double median(double[] samples) {
    return quantile(samples, 0.5);
  }

  /** Linear interpolation between the two nearest ranks, as numpy does by default. */
  static double quantile(double[] samples, double share) {
    double[] sorted = samples.clone();
    Arrays.sort(sorted);
    double rank = share * (sorted.length - 1);
    int below = (int) rank;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
  }
}
