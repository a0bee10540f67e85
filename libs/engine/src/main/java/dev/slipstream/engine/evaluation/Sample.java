package dev.slipstream.engine.evaluation;

/** Sums over values, for their mean and how far to trust it. */
final class Sample {
  private static final int ENOUGH = 10;

  private double sum;
  private double squares;
  private long count;

  void add(double value) {
    sum += value;
    squares += value * value;
    count++;
  }

  long count() {
    return count;
  }

  double mean() {
    return sum / count;
  }

  Estimate estimate() {
    double variance = squares / count - mean() * mean();
    boolean known = variance > 0 && count > ENOUGH;
    return new Estimate(mean(), known ? Math.sqrt(variance / (count - 1)) : 0);
  }
}
