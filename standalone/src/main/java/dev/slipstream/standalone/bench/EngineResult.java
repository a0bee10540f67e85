package dev.slipstream.standalone.bench;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * One row of the table.
 *
 * @param test pp512, tg128, or v4 for a pass over four rows
 * @param threads that computed
 * @param promptTokens of a pp test, else 0
 * @param generatedTokens of a tg test, else 0
 * @param verifiedRows of a verification pass, else 0
 * @param depth tokens in the cache before the test
 * @param seconds of each repetition
 * @param tokens of each repetition
 * @param passes over the weights of each repetition
 * @param operations of each repetition's matrix products
 * @param costRatio cost(k) / cost(1), for verification passes
 */
record EngineResult(
    String test,
    int threads,
    int promptTokens,
    int generatedTokens,
    int verifiedRows,
    int depth,
    double[] seconds,
    int tokens,
    int passes,
    double operations,
    OptionalDouble costRatio) {

  double[] tokensPerSecond() {
    return Arrays.stream(seconds).map(s -> tokens / s).toArray();
  }

  /** Median time of one pass over the weights. */
  double passMilliseconds() {
    return 1e3 * Statistics.median(seconds) / passes;
  }

  /** Bytes of weights read per second, against what memory can deliver. */
  double bandwidthShare(ModelFacts model, MachineLimits limits) {
    return model.bytesPerPass()
        * (double) passes
        / Statistics.median(seconds)
        / limits.bytesPerSecond();
  }

  /** Operations per second, against what the cores can do. */
  double peakShare(MachineLimits limits) {
    return operations / Statistics.median(seconds) / limits.operationsPerSecond();
  }
}
