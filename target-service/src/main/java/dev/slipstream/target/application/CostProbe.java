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
 * with logits. Takes the best of a few passes, since a neighbour can only make them slower.
 */
public final class CostProbe {
  private static final int[] ROWS = {1, 2, 4, 8, 16, 32};
  private static final int PASSES = 3;
  private static final int WARM_UP_PASSES = 8;

  private CostProbe() {}

  /**
   * @param maxRows rows that a batch will ever have
   * @param budget time to spend; row counts that it does not suffice for are left out, though one
   *     and two rows are always measured
   */
  public static VerificationCost measure(ServedModel model, int maxRows, Duration budget) {
    long end = System.nanoTime() + budget.toNanos();
    Map<Integer, Double> seconds = new TreeMap<>();
    int most = Math.min(maxRows, Math.min(ROWS[ROWS.length - 1], model.contextLength()));
    try (KvPool pool = new KvPool(model.kvLayout(), most / 16 + 1);
        KvSequence sequence = pool.newSequence()) {
      sequence.reserve(most);
      for (int i = 0; i < WARM_UP_PASSES && System.nanoTime() < end - budget.toNanos() / 2; i++) {
        pass(model.pass(), sequence, Math.min(most, 2));
      }
      for (int rows : ROWS) {
        if (rows <= most && (rows <= 2 || System.nanoTime() < end)) {
          seconds.put(rows, best(model.pass(), sequence, rows, end));
        }
      }
    }
    return VerificationCost.of(seconds);
  }

  private static double best(ForwardPass pass, KvSequence sequence, int rows, long end) {
    double best = pass(pass, sequence, rows);
    for (int i = 1; i < PASSES && System.nanoTime() < end; i++) {
      best = Math.min(best, pass(pass, sequence, rows));
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
