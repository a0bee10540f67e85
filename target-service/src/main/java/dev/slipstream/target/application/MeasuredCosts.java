package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.CostMeasurement;
import dev.slipstream.engine.speculation.PassCost;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * T(k) of a model on this machine: kept from an earlier start, or measured at this one. A
 * measurement with an {@link CostMeasurement#objection objection}, and one that the passes that
 * follow contradict, is thrown away. Then, until there is another, rows count as dear as passes, so
 * that no speculation rests on it; and it is measured again when there is nothing else to do, now
 * and then until the machine is calm enough.
 */
final class MeasuredCosts implements PassCosts {
  private static final Logger log = LoggerFactory.getLogger(MeasuredCosts.class);

  /** Passes of a kind, of which the median is looked at. */
  private static final int WINDOW = 9;

  /** A median that is so many times as much, or as little, as was measured is no chance. */
  private static final double FAR = 2;

  /**
   * Tokens whose keys and values are little beside the weights of any model: behind longer texts an
   * error may be that of attention alone, which passes correct.
   */
  private static final int SHORT_TEXT = 512;

  private static final int PASSES_OF_AN_ATTEMPT = 200;
  private static final long FIRST_QUIET = Duration.ofSeconds(1).toNanos();
  private static final long LONGEST_QUIET = Duration.ofMinutes(30).toNanos();
  private static final int MORE_QUIET = 4;

  private final ServedModel model;
  private final int maxRows;
  private final CostFile file;
  private final LongSupplier clock;
  private final Window plain = new Window();
  private final Window several = new Window();

  private PassCost cost;

  /** What {@link #cost} began as, for passes to be held against; empty if nothing is believed. */
  private Optional<PassCost> believed;

  private boolean doubtful;
  private long quiet = FIRST_QUIET;
  private @Nullable CostProbe probe;
  private int passes;

  /** Times of the last passes in terms of what was measured. */
  private static final class Window {
    private final double[] ratios = new double[WINDOW];
    private int count;

    void add(double ratio) {
      ratios[count++ % WINDOW] = ratio;
    }

    boolean isFull() {
      return count >= WINDOW;
    }

    double median() {
      double[] sorted = ratios.clone();
      Arrays.sort(sorted);
      return sorted[WINDOW / 2];
    }

    void clear() {
      count = 0;
    }
  }

  /**
   * Reads what was kept, or measures.
   *
   * @param maxRows rows that a batch will ever have
   * @param budget time for measuring; one pass is made in any case
   * @param clock in nanoseconds
   * @throws CancellationException if the thread is interrupted
   */
  MeasuredCosts(
      ServedModel model, int maxRows, Duration budget, CostFile file, LongSupplier clock) {
    this.model = model;
    this.maxRows = maxRows;
    this.file = file;
    this.clock = clock;
    this.believed = file.read().map(CostMeasurement::cost);
    this.cost = believed.orElseGet(() -> first(budget));
  }

  private PassCost first(Duration budget) {
    long end = clock.getAsLong() + budget.toNanos();
    try (CostProbe first = new CostProbe(model, maxRows, clock)) {
      do {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException("measuring was interrupted");
        }
        first.pass();
      } while (!first.isSettled() && clock.getAsLong() < end);
      take(first.measurement());
      return believed.orElseGet(() -> asDearAsPasses(first.plainSeconds()));
    }
  }

  private void take(CostMeasurement measurement) {
    Optional<String> objection = measurement.objection();
    if (objection.isPresent()) {
      doubtful = true;
      log.info("T(k) is measured again when the machine is calm: {}", objection.get());
      return;
    }
    doubtful = false;
    quiet = FIRST_QUIET;
    believed = Optional.of(measurement.cost());
    plain.clear();
    several.clear();
    file.write(measurement);
  }

  private static PassCost asDearAsPasses(double seconds) {
    return PassCost.of(Map.of(1, seconds));
  }

  @Override
  public PassCost cost() {
    return cost;
  }

  @Override
  public void computed(Pass pass) {
    int rows = pass.rows();
    cost = cost.observe(rows, pass.kvTokens(), pass.seconds());
    boolean comparable = pass.answersOnly() && pass.longestText() <= SHORT_TEXT;
    if (comparable && believed.isPresent() && rows <= believed.get().measuredRows()) {
      double expected = believed.get().seconds(rows, pass.kvTokens());
      (rows == 1 ? plain : several).add(pass.seconds() / expected);
      judge();
    }
  }

  private void judge() {
    if (!plain.isFull()) {
      return;
    }
    double speed = plain.median();
    double shape = several.isFull() ? several.median() / speed : 1;
    if (speed < 1 / FAR || shape > FAR || shape < 1 / FAR) {
      log.info(
          "T(k) is thrown away: one row takes {} times as long as was measured, several {} times",
          "%.2f".formatted(speed),
          "%.2f".formatted(shape * speed));
      cost = asDearAsPasses(speed * believed.get().seconds(1));
      believed = Optional.empty();
      doubtful = true;
      file.forget();
    } else if (speed > FAR) {
      // A neighbour, most likely, who says nothing about the shape.
      doubtful = true;
    }
  }

  @Override
  public long quietNanos() {
    return doubtful ? quiet : -1;
  }

  @Override
  public boolean measure() {
    try {
      if (probe == null) {
        probe = new CostProbe(model, maxRows, clock);
        passes = 0;
      }
      probe.pass();
      passes++;
      if (!probe.isSettled() && passes < PASSES_OF_AN_ATTEMPT) {
        return true;
      }
      // For when it is not believed.
      quiet = Math.min(LONGEST_QUIET, MORE_QUIET * quiet);
      take(probe.measurement());
      if (!doubtful) {
        cost = believed.orElseThrow();
        log.info("T(k) was measured: {}", cost);
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      quiet = LONGEST_QUIET;
      log.warn("T(k) could not be measured", e);
    }
    close();
    return false;
  }

  @Override
  public void close() {
    if (probe != null) {
      probe.close();
      probe = null;
    }
  }
}
