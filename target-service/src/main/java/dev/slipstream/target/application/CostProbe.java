package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.model.ForwardPass;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.speculation.CostMeasurement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Measures T(k, c), the time of a pass over k rows that look at c tokens, with rows as in a
 * verification: one chain, all with logits, behind no text and behind a long one. Goes round all of
 * them, so that a busy moment does not fall on one alone, until rounds stop bringing better times:
 * the first passes run before the kernels are compiled.
 */
final class CostProbe implements AutoCloseable {
  private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32};

  /** Row counts that are measured however slow the model is. */
  private static final int FEW_ROWS = 4;

  /** Rows that are measured behind the long text too. */
  private static final int[] LONG_ROWS = {1, FEW_ROWS};

  /** Long enough for attention to show beside the weights. */
  private static final int LONG_TEXT = 2048;

  /** Behind shorter ones nothing is to be learnt. */
  private static final int SHORTEST_LONG_TEXT = 256;

  /**
   * Memory for the long text, in which its blocks occur again and again: more than the caches next
   * to a core hold, as else attention looks cheaper than it is.
   */
  private static final int LONG_TEXT_BYTES = 16 << 20;

  /** Longest pass over more rows: requests may be waiting for it. */
  private static final double LONGEST_SECONDS = 4;

  /** Rounds without a clear gain after which it is done. */
  private static final int CALM_ROUNDS = 4;

  private static final double CLEAR_GAIN = 0.97;

  private final ForwardPass pass;
  private final LongSupplier clock;
  private final KvPool pool;
  private final KvSequence empty;
  private final KvSequence text;
  private final List<Shape> shapes = new ArrayList<>();
  private final Map<Shape, List<Double>> samples = new HashMap<>();
  private int next;
  private int calm;
  private boolean better;

  /** A kind of pass. */
  private record Shape(int rows, int context) {}

  /**
   * @param maxRows rows that a batch will ever have
   * @param clock in nanoseconds
   */
  CostProbe(ServedModel model, int maxRows, LongSupplier clock) {
    this.pass = model.pass();
    this.clock = clock;
    int most = Math.min(maxRows, Math.min(ROWS[ROWS.length - 1], model.contextLength()));
    int context = Math.min(LONG_TEXT, (model.contextLength() - FEW_ROWS) & -BLOCK_TOKENS);
    boolean isLong = context >= SHORTEST_LONG_TEXT && most >= FEW_ROWS;
    for (int rows : ROWS) {
      if (rows <= most) {
        shapes.add(new Shape(rows, 0));
      }
    }
    for (int rows : isLong ? LONG_ROWS : new int[0]) {
      shapes.add(new Shape(rows, context));
    }
    int textBlocks =
        isLong
            ? Math.clamp(LONG_TEXT_BYTES / model.kvLayout().blockBytes(), 1, context / BLOCK_TOKENS)
            : 0;
    this.pool = new KvPool(model.kvLayout(), textBlocks + 2 * (most / BLOCK_TOKENS + 1));
    this.empty = pool.newSequence();
    empty.reserve(most);
    this.text = pool.newSequence();
    if (isLong) {
      fill(text, context / BLOCK_TOKENS, textBlocks);
      text.reserve(FEW_ROWS);
    }
  }

  /** Zeros cost attention what other numbers do. */
  private static void fill(KvSequence text, int blocks, int distinct) {
    text.reserve(distinct * BLOCK_TOKENS);
    text.commit(distinct * BLOCK_TOKENS);
    for (int i = distinct; i < blocks; i++) {
      text.adopt(text.block(i % distinct));
    }
  }

  /** Makes the next pass. */
  void pass() {
    Shape shape = shapes.get(next);
    double seconds = seconds(shape);
    better |= samples.isEmpty() || seconds < CLEAR_GAIN * best(shape);
    samples.computeIfAbsent(shape, s -> new ArrayList<>()).add(seconds);
    do {
      next = (next + 1) % shapes.size();
    } while (isTooLong(shapes.get(next)));
    if (next == 0) {
      calm = better ? 0 : calm + 1;
      better = false;
    }
  }

  private boolean isTooLong(Shape shape) {
    return shape.rows() > FEW_ROWS && shape.rows() * plainSeconds() > LONGEST_SECONDS;
  }

  private double seconds(Shape shape) {
    KvSequence sequence = shape.context() == 0 ? empty : text;
    Batch batch = new Batch(shape.rows(), shape.rows());
    for (int i = 0; i < shape.rows(); i++) {
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
    Map<Integer, List<Double>> plain = new TreeMap<>();
    Map<Integer, List<Double>> behindText = new TreeMap<>();
    int context = 0;
    for (Shape shape : shapes) {
      context = Math.max(context, shape.context());
      (shape.context() == 0 ? plain : behindText)
          .put(shape.rows(), samples.getOrDefault(shape, List.of()));
    }
    return CostMeasurement.of(plain, context, behindText);
  }

  /** The best time of one row so far, after at least one pass. */
  double plainSeconds() {
    return best(shapes.getFirst());
  }

  private double best(Shape shape) {
    return samples.getOrDefault(shape, List.of()).stream()
        .mapToDouble(Double::doubleValue)
        .min()
        .orElse(Double.POSITIVE_INFINITY);
  }

  @Override
  public void close() {
    text.close();
    empty.close();
    pool.close();
  }
}
