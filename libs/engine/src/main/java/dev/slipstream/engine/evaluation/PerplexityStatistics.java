package dev.slipstream.engine.evaluation;

/** Perplexity over the tokens so far. */
public final class PerplexityStatistics {
  private final Sample losses = new Sample();

  void add(double loss) {
    losses.add(loss);
  }

  /** Tokens that were predicted. */
  public long tokens() {
    return losses.count();
  }

  public Estimate perplexity() {
    Estimate loss = losses.estimate();
    double value = Math.exp(loss.value());
    return new Estimate(value, value * loss.uncertainty());
  }
}
