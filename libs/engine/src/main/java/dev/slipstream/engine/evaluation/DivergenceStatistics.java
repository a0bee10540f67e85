package dev.slipstream.engine.evaluation;

import java.util.Arrays;

/** How a model's predictions differ from a base model's, over the tokens so far. */
public final class DivergenceStatistics {
  private final Sample losses = new Sample();
  private final Sample baseLosses = new Sample();
  private final Sample divergences = new Sample();
  private final Sample differences = new Sample();
  private final Sample squaredDifferences = new Sample();
  private final Values allDivergences = new Values();
  private final Values allDifferences = new Values();
  private double lossProducts;
  private long sameTop;

  void add(TokenComparison token) {
    losses.add(token.loss());
    baseLosses.add(token.baseLoss());
    lossProducts += token.loss() * token.baseLoss();
    divergences.add(token.divergence());
    allDivergences.add(token.divergence());
    double difference = token.probabilityDifference();
    differences.add(difference);
    squaredDifferences.add(difference * difference);
    allDifferences.add(difference);
    sameTop += token.sameTop() ? 1 : 0;
  }

  /** Tokens that were predicted. */
  public long tokens() {
    return losses.count();
  }

  public Estimate perplexity() {
    return exponential(losses.estimate());
  }

  public Estimate basePerplexity() {
    return exponential(baseLosses.estimate());
  }

  /** ln(PPL(Q) / PPL(base)). */
  public Estimate logRatio() {
    double q = losses.estimate().uncertainty();
    double base = baseLosses.estimate().uncertainty();
    double variance = q * q + base * base - 2 * covariance();
    return new Estimate(losses.mean() - baseLosses.mean(), Math.sqrt(Math.max(0, variance)));
  }

  /** PPL(Q) / PPL(base). */
  public Estimate ratio() {
    return exponential(logRatio());
  }

  /** PPL(Q) - PPL(base). */
  public Estimate difference() {
    Estimate q = perplexity();
    Estimate base = basePerplexity();
    double shared = q.value() * base.value() * covariance();
    double variance =
        q.uncertainty() * q.uncertainty() + base.uncertainty() * base.uncertainty() - 2 * shared;
    return new Estimate(q.value() - base.value(), Math.sqrt(Math.max(0, variance)));
  }

  /** Correlation of both models' losses; NaN with too few tokens. */
  public double correlation() {
    return covariance() / (losses.estimate().uncertainty() * baseLosses.estimate().uncertainty());
  }

  /** Mean Kullback-Leibler divergence from the base, in nats. */
  public Estimate divergence() {
    return divergences.estimate();
  }

  /**
   * @param fraction 0 is the smallest of all tokens' divergences, 1 the largest
   */
  public double divergenceAt(double fraction) {
    return allDivergences.percentile(fraction);
  }

  /** Mean change of the probability of the text's token. */
  public Estimate probabilityDifference() {
    return differences.estimate();
  }

  /** As {@link #divergenceAt}, of the probability changes. */
  public double probabilityDifferenceAt(double fraction) {
    return allDifferences.percentile(fraction);
  }

  /** Root of the mean square of the probability changes. */
  public Estimate rootMeanSquare() {
    Estimate square = squaredDifferences.estimate();
    double root = Math.sqrt(square.value());
    return new Estimate(root, root == 0 ? 0 : 0.5 / root * square.uncertainty());
  }

  /** Share of the tokens for which both find the same token the likeliest. */
  public Estimate sameTop() {
    double share = (double) sameTop / tokens();
    return new Estimate(share, Math.sqrt(share * (1 - share) / (tokens() - 1)));
  }

  private double covariance() {
    return (lossProducts / tokens() - losses.mean() * baseLosses.mean()) / (tokens() - 1);
  }

  private static Estimate exponential(Estimate logarithm) {
    double value = Math.exp(logarithm.value());
    return new Estimate(value, value * logarithm.uncertainty());
  }

  /** A growing array. */
  private static final class Values {
    private double[] values = new double[1024];
    private int size;
    private boolean sorted;

    void add(double value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
      sorted = false;
    }

    /** Between two values, in proportion. */
    double percentile(double fraction) {
      if (!sorted) {
        Arrays.sort(values, 0, size);
        sorted = true;
      }
      double place = fraction * (size - 1);
      int below = (int) place;
      int above = Math.min(below + 1, size - 1);
      return values[below] + (place - below) * (values[above] - values[below]);
    }
  }
}
