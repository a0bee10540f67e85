package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.CostMeasurement;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.target.spi.PassObserver;
import java.time.Duration;
import java.util.Map;

/** What a decode loop knows of T(k). Belongs to the loop's thread. */
public interface PassCosts extends PassObserver, AutoCloseable {
  /**
   * The costs of a model on this machine: as they were kept, or else measured.
   *
   * @param maxRows rows that a batch will ever have
   * @param budget time for measuring at once; if it is 0 nothing is measured, now or later: what
   *     was kept is taken for granted, and without that rows count as dear as passes
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  static PassCosts of(ServedModel model, int maxRows, Duration budget, CostFile file) {
    if (!budget.isZero()) {
      return new MeasuredCosts(model, maxRows, budget, file, System::nanoTime);
    }
    try (CostProbe probe = new CostProbe(model, maxRows, System::nanoTime)) {
      probe.pass();
      PassCost plain = PassCost.of(Map.of(1, probe.plainSeconds()));
      return new AssumedCosts(file.read().map(CostMeasurement::cost).orElse(plain));
    }
  }

  /** T(k) as it is known now. */
  PassCost cost();

  /** Learns from a pass. */
  @Override
  void computed(Pass pass);

  /**
   * How long nothing must have been asked of the loop before {@link #measure} may take time, in
   * nanoseconds; -1 if there is nothing to measure.
   */
  long quietNanos();

  /** Makes one pass to measure with; true if the next should follow at once. */
  boolean measure();

  @Override
  void close();
}
