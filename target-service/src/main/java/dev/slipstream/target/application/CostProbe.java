package dev.slipstream.target.application;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.speculation.VerificationCost;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures T(k), the time of a pass over k rows, with rows as in a verification: one chain, all
 * with logits. Takes the best of several passes, since a neighbour can only make them slower, and
 * goes on as long as passes still get faster: the first ones run before the kernels are compiled.
 */
public final class CostProbe {
  private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32};

  /** Passes without a clear gain after which a row count is done. */
  private static final int CALM_PASSES = 8;

  private static final double CLEAR_GAIN = 0.97;

  private CostProbe() {}

  /**
   * @param maxRows rows that a batch will ever have
   * @param budget time to spend; row counts that it does not suffice for are left out, though one
   *     and two rows are always measured
   */
  public static VerificationCost measure(ServedModel model, int maxRows, Duration budget) {
    long start = System.nanoTime();
    Map<Integer, Double> seconds = new TreeMap<>();
    int most = Math.min(maxRows, Math.min(ROWS[ROWS.length - 1], model.contextLength()));
    try (KvPool pool = new KvPool(model.kvLayout(), most / 16 + 1);
        KvSequence sequence = pool.newSequence()) {
      sequence.reserve(most);
      for (int i = 0; i < ROWS.length && ROWS[i] <= most; i++) {
        long end = start + budget.toNanos() * (i + 1) / ROWS.length;
        if (ROWS[i] <= 2 || System.nanoTime() < end) {
          seconds.put(ROWS[i], best(model.pass(), sequence, ROWS[i], end));
        }
      }
    }
    return VerificationCost.of(seconds);
  }

  private static double best(ForwardPass pass, KvSequence sequence, int rows, long end) {
    double best = pass(pass, sequence, rows);
    for (int calm = 0; calm < CALM_PASSES && System.nanoTime() < end; calm++) {
      double next = pass(pass, sequence, rows);
      if (next < CLEAR_GAIN * best) {
        calm = 0;
      }
      best = Math.min(best, next);
    }
    return best;
  }

  private static double pass(ForwardPass pass, KvSequence sequence, int rows) {
    Batch batch = new Batch(rows, rows);
    for (int i = 0; i < rows; i++) {
      batch.add(sequence, 0, i - 1, true);
    }
    long start = System.nanoTime();
    pass.forward(batch);
    return Math.max(1, System.nanoTime() - start) / 1e9;
  }
}
