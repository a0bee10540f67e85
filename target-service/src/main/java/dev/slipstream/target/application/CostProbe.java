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
 * with logits. Goes round all row counts and keeps the best time of each, since a neighbour can
 * only make a pass slower, until rounds stop bringing better ones: the first passes run before the
 * kernels are compiled.
 */
public final class CostProbe {
  private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32};

  /** Rounds without a clear gain after which it is done. */
  private static final int CALM_ROUNDS = 4;

  private static final double CLEAR_GAIN = 0.97;

  private CostProbe() {}

  /**
   * @param maxRows rows that a batch will ever have
   * @param budget time to spend; one round is made in any case, though beyond the budget it leaves
   *     out all but one and two rows
   */
  public static VerificationCost measure(ServedModel model, int maxRows, Duration budget) {
    long end = System.nanoTime() + budget.toNanos();
    Map<Integer, Double> best = new TreeMap<>();
    int most = Math.min(maxRows, Math.min(ROWS[ROWS.length - 1], model.contextLength()));
    try (KvPool pool = new KvPool(model.kvLayout(), most / 16 + 1);
        KvSequence sequence = pool.newSequence()) {
      sequence.reserve(most);
      int calm = 0;
      do {
        calm = round(model.pass(), sequence, most, end, best) ? 0 : calm + 1;
      } while (calm < CALM_ROUNDS && System.nanoTime() < end);
    }
    return VerificationCost.of(best);
  }

  /** Returns whether a time has become clearly better. */
  private static boolean round(
      ForwardPass pass, KvSequence sequence, int most, long end, Map<Integer, Double> best) {
    boolean better = false;
    for (int rows : ROWS) {
      if (rows <= most && (rows <= 2 || System.nanoTime() < end)) {
        double seconds = pass(pass, sequence, rows);
        Double before = best.get(rows);
        better |= before == null || seconds < CLEAR_GAIN * before;
        best.merge(rows, seconds, Math::min);
      }
    }
    return better;
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
