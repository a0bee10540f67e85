package dev.slipstream.engine.evaluation;

/**
 * What logits say: the log-probability of token t is logit[t] - logSum.
 *
 * @param logSum logarithm of the sum of the logits' exponentials
 * @param top the first of the likeliest tokens
 */
record Prediction(double logSum, int top) {

  static Prediction of(float[] logits, int offset, int size) {
    int top = 0;
    for (int i = 1; i < size; i++) {
      if (logits[offset + i] > logits[offset + top]) {
        top = i;
      }
    }
    double max = logits[offset + top];
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += Math.exp(logits[offset + i] - max);
    }
    return new Prediction(max + Math.log(sum), top);
  }
}
