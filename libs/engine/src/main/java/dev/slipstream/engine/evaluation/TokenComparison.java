package dev.slipstream.engine.evaluation;

/**
 * Two models' predictions of one token.
 *
 * @param loss minus the log-probability that the model gives the text's token
 * @param baseLoss the same of the base model
 * @param divergence Kullback-Leibler divergence of the model from the base, over all tokens
 * @param sameTop whether both find the same token the likeliest
 */
record TokenComparison(double loss, double baseLoss, double divergence, boolean sameTop) {

  /** The probability that the model gives the text's token, less the base model's. */
  double probabilityDifference() {
    return Math.exp(-loss) - Math.exp(-baseLoss);
  }

  static TokenComparison of(
      float[] logits, int offset, float[] base, int baseOffset, int size, int expected) {
    Prediction model = Prediction.of(logits, offset, size);
    Prediction reference = Prediction.of(base, baseOffset, size);
    double difference = 0;
    for (int i = 0; i < size; i++) {
      double logProbability = base[baseOffset + i] - reference.logSum();
      double other = logits[offset + i] - model.logSum();
      difference += Math.exp(logProbability) * (logProbability - other);
    }
    return new TokenComparison(
        model.logSum() - logits[offset + expected],
        reference.logSum() - base[baseOffset + expected],
        difference,
        model.top() == reference.top());
  }
}
