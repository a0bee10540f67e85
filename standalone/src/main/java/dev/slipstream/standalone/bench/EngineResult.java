package dev.slipstream.standalone.bench;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * One row of the table.
 *
 * @param threads that computed
 * @param seconds of each repetition
 * @param work of each repetition
 * @param costRatio cost(k) / cost(1), for verification passes
 */
record EngineResult(
    Shape shape, int threads, double[] seconds, Work work, OptionalDouble costRatio) {

  /**
   * What was computed.
   *
   * @param test pp512, tg128, or v4 for a pass over four rows
   * @param promptTokens of a pp test, else 0
   * @param generatedTokens of a tg test, else 0
   * @param verifiedRows of a verification pass, else 0
   * @param depth tokens in the cache before the test
   */
  record Shape(String test, int promptTokens, int generatedTokens, int verifiedRows, int depth) {
    static Shape prompt(int tokens, int depth) {
      return new Shape("pp" + tokens, tokens, 0, 0, depth);
    }

    static Shape generation(int tokens, int depth) {
      return new Shape("tg" + tokens, 0, tokens, 0, depth);
    }

    static Shape verification(int rows, int depth) {
      return new Shape("v" + rows, 0, 0, rows, depth);
    }
  }

  /**
   * How much that was.
   *
   * @param passes over the weights
   * @param operations of matrix products
   */
  record Work(int tokens, int passes, double operations) {}

  double[] tokensPerSecond() {
    return Arrays.stream(seconds).map(s -> work.tokens / s).toArray();
  }

  /** Median time of one pass over the weights. */
  double passMilliseconds() {
    return 1e3 * Statistics.median(seconds) / work.passes;
  }

  /** Bytes of weights read per second, against what memory can deliver. */
  double bandwidthShare(ModelFacts model, MachineLimits limits) {
    return model.bytesPerPass()
        * (double) work.passes
        / Statistics.median(seconds)
        / limits.bytesPerSecond();
  }

  /** Operations per second, against what the cores can do. */
  double peakShare(MachineLimits limits) {
    return work.operations / Statistics.median(seconds) / limits.operationsPerSecond();
  }
}
