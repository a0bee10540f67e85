package dev.slipstream.target.application;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.model.ForwardPass;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.speculation.CostMeasurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Measures T(k), the time of a pass over k rows, with rows as in a verification: one chain, all
 * with logits. Goes round all row counts, so that a busy moment does not fall on one of them alone,
 * until rounds stop bringing better times: the first passes run before the kernels are compiled.
 */
final class CostProbe implements AutoCloseable {
  private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32};

  /** Row counts that are measured however slow the model is. */
  private static final int FEW_ROWS = 4;

  /** Longest pass over more rows: requests may be waiting for it. */
  private static final double LONGEST_SECONDS = 4;

  /** Rounds without a clear gain after which it is done. */
  private static final int CALM_ROUNDS = 4;

  private static final double CLEAR_GAIN = 0.97;

  private final ForwardPass pass;
  private final LongSupplier clock;
  private final int most;
  private final KvPool pool;
  private final KvSequence sequence;
  private final Map<Integer, List<Double>> samples = new TreeMap<>();
  private int next;
  private int calm;
  private boolean better;

  /**
   * @param maxRows rows that a batch will ever have
   * @param clock in nanoseconds
   */
  CostProbe(ServedModel model, int maxRows, LongSupplier clock) {
    this.pass = model.pass();
    this.clock = clock;
    this.most = Math.min(maxRows, Math.min(ROWS[ROWS.length - 1], model.contextLength()));
    this.pool = new KvPool(model.kvLayout(), most / KvLayout.BLOCK_TOKENS + 1);
    this.sequence = pool.newSequence();
    sequence.reserve(most);
  }

  /** Makes the next pass. */
  void pass() {
    int rows = ROWS[next];
    double seconds = seconds(rows);
    better |= samples.isEmpty() || seconds < CLEAR_GAIN * best(rows);
    samples.computeIfAbsent(rows, r -> new ArrayList<>()).add(seconds);
    next++;
    if (next == ROWS.length || ROWS[next] > most || isTooLong(ROWS[next])) {
      next = 0;
      calm = better ? 0 : calm + 1;
      better = false;
    }
  }

  private boolean isTooLong(int rows) {
    return rows > FEW_ROWS && rows * plainSeconds() > LONGEST_SECONDS;
  }

  private double seconds(int rows) {
    Batch batch = new Batch(rows, rows);
    for (int i = 0; i < rows; i++) {
      batch.add(sequence, 0, i - 1, true);
    }
    long start = clock.getAsLong();
    pass.forward(batch);
    return Math.max(1, clock.getAsLong() - start) / 1e9;
  }

  /** Whether some rounds have brought nothing better. */
  boolean isSettled() {
    return calm >= CALM_ROUNDS;
  }

  CostMeasurement measurement() {
    return CostMeasurement.of(samples);
  }

  /** The best time of one row so far, after at least one pass. */
  double plainSeconds() {
    return best(1);
  }

  private double best(int rows) {
    return samples.getOrDefault(rows, List.of()).stream()
        .mapToDouble(Double::doubleValue)
        .min()
        .orElse(Double.POSITIVE_INFINITY);
  }

  @Override
  public void close() {
    sequence.close();
    pool.close();
  }
}
