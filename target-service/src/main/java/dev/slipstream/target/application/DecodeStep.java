package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.target.spi.PassObserver;
import java.util.List;

/**
 * One pass of the model for everybody: planned, computed, settled. Belongs to the decode loop's
 * thread. What runs for every token allocates little and has no streams: garbage made here stops
 * all answers at once.
 */
final class DecodeStep {
  private final ServedModel model;
  private final Scheduler scheduler;
  private final StepPlan plan;
  private final Settlement settlement;
  private final PassCosts costs;
  private final List<PassObserver> observers;
  private final SequenceFailures failures;
  private final Batch batch;
  private final ComputedPass computed;

  /**
   * @param observers hear of every pass, before it is settled
   */
  DecodeStep(
      ServedModel model,
      LoopSettings settings,
      Scheduler scheduler,
      StepPlan plan,
      Settlement settlement,
      PassCosts costs,
      List<PassObserver> observers,
      SequenceFailures failures) {
    this.model = model;
    this.scheduler = scheduler;
    this.plan = plan;
    this.settlement = settlement;
    this.costs = costs;
    this.observers = List.copyOf(observers);
    this.failures = failures;
    this.batch = new Batch(settings.maxBatchRows(), settings.maxLogitRows());
    this.computed = new ComputedPass(model, batch);
  }

  /**
   * Makes a pass over those of some running sequences that are ready. What goes wrong with one
   * sequence ends that one; an exception means that the pass as a whole has failed.
   */
  void run(List<Sequence> sequences) {
    List<Work> works = plan.plan(sequences, costs.cost());
    if (works.isEmpty()) {
      return;
    }
    batch.clear();
    for (Work work : works) {
      work.fill(batch);
    }
    long start = System.nanoTime();
    computed.take(model.pass().forward(batch));
    observe(works, Math.max(1, System.nanoTime() - start) / 1e9);
    settlement.begin(works);
    for (Work work : works) {
      try {
        settle(work);
      } catch (RuntimeException | Error e) {
        failures.broke(work.sequence(), e);
      }
    }
  }

  private void observe(List<Work> works, double seconds) {
    long kvTokens = 0;
    int longest = 0;
    boolean answersOnly = true;
    for (Work work : works) {
      kvTokens += work.kvTokens();
      longest = Math.max(longest, work.sequence().kv().length());
      answersOnly &= work.isOfAnswer();
    }
    var pass = new PassObserver.Pass(batch.rows(), kvTokens, seconds, answersOnly, longest);
    for (PassObserver observer : observers) {
      observer.computed(pass);
    }
  }

  private void settle(Work work) {
    try {
      work.judge(computed);
    } catch (RuntimeException e) {
      if (!scheduler.recompute(work.sequence(), e)) {
        throw e;
      }
      return;
    }
    work.commit(computed, settlement);
  }
}
