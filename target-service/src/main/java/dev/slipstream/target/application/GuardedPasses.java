package dev.slipstream.target.application;

import dev.slipstream.target.application.Sequence.State;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes passes. One that fails as a whole has committed nothing; whose fault that was shows when
 * everybody is computed alone, and the others go on.
 */
final class GuardedPasses {
  private static final Logger log = LoggerFactory.getLogger(GuardedPasses.class);

  /**
   * Passes in a row that may fail for want of memory. After that it is not their sequences' fault:
   * the loop ends, the process is started again, and other targets go on with its answers.
   */
  private static final int MOST_STARVED = 3;

  private final DecodeStep step;
  private final Scheduler scheduler;
  private final SequenceFailures failures;
  private int starved;

  GuardedPasses(DecodeStep step, Scheduler scheduler, SequenceFailures failures) {
    this.step = step;
    this.scheduler = scheduler;
    this.failures = failures;
  }

  /**
   * Makes a pass over all running sequences.
   *
   * @throws OutOfMemoryError if this is one too many
   */
  void pass() {
    try {
      step.run(scheduler.running());
      starved = 0;
    } catch (RuntimeException | Error e) {
      if (e instanceof OutOfMemoryError && ++starved == MOST_STARVED) {
        throw e;
      }
      tellApart(e);
    }
  }

  private void tellApart(Throwable cause) {
    List<Sequence> computed =
        scheduler.running().stream().filter(sequence -> sequence.state == State.RUNNING).toList();
    if (computed.size() == 1) {
      recomputeOrFail(computed.getFirst(), cause);
      return;
    }
    log.warn(
        "a pass over {} sequences failed, they are computed alone: {}",
        computed.size(),
        cause.toString());
    for (Sequence sequence : computed) {
      try {
        step.run(List.of(sequence));
      } catch (RuntimeException | Error e) {
        recomputeOrFail(sequence, e);
      }
    }
  }

  /** Blocks of kv-service may be to blame, if there are any: then it goes on without them. */
  private void recomputeOrFail(Sequence sequence, Throwable cause) {
    if (!scheduler.recompute(sequence, cause)) {
      failures.broke(sequence, cause);
    }
  }
}
