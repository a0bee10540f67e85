package dev.slipstream.target.application;

import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.target.application.Outcome.Reason;
import dev.slipstream.target.application.Sequence.State;
import dev.slipstream.target.spi.PassObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continuous batching: one platform thread runs pass after pass over whatever sequences there are;
 * they join and leave between passes. Everybody else hands it commands through a queue, and nothing
 * a client does can make it wait. It sleeps when there is nothing to do.
 */
public final class DecodeLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DecodeLoop.class);

  private final ServedModel model;
  private final LoopSettings settings;
  private final DecodeMetrics metrics;
  private final PassCosts costs;
  private final CommandQueue commands = new CommandQueue();
  private final KvPool pool;
  private final Scheduler scheduler;
  private final GuardedPasses passes;
  private final SamplingWorkspace workspace;
  private final RetryAdvice retryAdvice;
  private final CompletableFuture<Void> idle = new CompletableFuture<>();
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private final Thread thread;
  private boolean measuring;
  private boolean draining;
  private boolean stopped;
  private boolean brokenDown;

  /**
   * Starts the loop.
   *
   * @param shared blocks of other targets; stays open
   * @param costs of passes, as far as they are known; closed with the loop
   */
  public DecodeLoop(
      ServedModel model,
      LoopSettings settings,
      SharedPrefixes shared,
      PassCosts costs,
      Techniques techniques,
      DecodeMetrics metrics) {
    this.model = model;
    this.settings = settings;
    this.metrics = metrics;
    this.costs = costs;
    this.pool = new KvPool(model.kvLayout(), settings.kvBlocks());
    this.retryAdvice = new RetryAdvice(settings.maxRunning());
    this.scheduler =
        new Scheduler(
            settings.maxRunning(),
            new WaitingQueue(techniques.order(), settings),
            new PrefixBlocks(pool, shared),
            metrics,
            commands,
            this::broke);
    DecodeStep step =
        new DecodeStep(
            model,
            settings,
            scheduler,
            new StepPlan(settings, scheduler, techniques.allocator()),
            new Settlement(model, settings.contextLength(), scheduler, costs, metrics, retryAdvice),
            costs,
            observers(techniques),
            this::broke);
    this.passes = new GuardedPasses(step, scheduler, this::broke);
    this.workspace = new SamplingWorkspace(model.tokens().size());
    this.thread = Thread.ofPlatform().name("decode-loop").start(this::run);
  }

  private List<PassObserver> observers(Techniques techniques) {
    List<PassObserver> observers = new ArrayList<>(List.of(costs, metrics));
    observers.addAll(techniques.observers());
    return observers;
  }

  /**
   * Queues a sequence. The listener hears the rest, a refusal included.
   *
   * @throws IllegalArgumentException if the sampling parameters do not fit the vocabulary
   */
  public DecodeHandle submit(DecodeTask task, DecodeListener listener) {
    return submit(task, listener, false);
  }

  /** The same of a sequence whose drafts may be made by the cores that compute passes. */
  DecodeHandle submit(DecodeTask task, DecodeListener listener, boolean draftsShareCores) {
    if (task.prompt().length > settings.contextLength()) {
      // Now: many of them must not wait here for the pass to end.
      metrics.failed();
      listener.failed(tooLong(task.prompt().length));
      return DecodeHandle.ENDED;
    }
    Decoding sequence =
        new Decoding(
            task,
            listener,
            keys(task.caller()),
            workspace,
            DraftAdvice.of(task, settings.maxDraftTokens(), draftsShareCores));
    execute(() -> acceptOrFail(sequence));
    return new LoopHandle(this, sequence, metrics);
  }

  /** Queues continuations to be scored. The listener hears the rest, a refusal included. */
  public SequenceHandle submit(ScoreTask task, ScoreListener listener) {
    int longest = task.longestText();
    if (longest > settings.contextLength()) {
      metrics.failed();
      listener.failed(new DecodeFailure.ContinuationTooLong(longest, settings.contextLength()));
      return DecodeHandle.ENDED;
    }
    Scoring sequence = new Scoring(task, listener, keys(task.caller()), settings.contextLength());
    execute(() -> acceptOrFail(sequence));
    return () -> cancel(sequence);
  }

  private BlockKeyChain keys(TaskOwner caller) {
    return new BlockKeyChain(
        model.weights().digest(), model.tokens().digest(), model.kvLayout(), caller.tenant());
  }

  /** Ends a sequence that has not ended, on its client's side. */
  void fail(Sequence sequence, DecodeFailure failure) {
    execute(
        () -> {
          if (sequence.state != State.ENDED) {
            failNow(sequence, failure);
          }
        });
  }

  /** Ends a sequence that has not ended, of which nobody wants to hear any more. */
  void cancel(Sequence sequence) {
    execute(
        () -> {
          if (sequence.state != State.ENDED) {
            metrics.cancelled(); // first: whoever sees the freed blocks sees the reason too
            scheduler.remove(sequence);
          }
        });
  }

  /** Has the loop's thread run a command between passes. */
  void execute(Runnable command) {
    commands.execute(command);
  }

  /**
   * Refuses new sequences from now on, lets the others finish for a while, and then fails those
   * that are left with {@link DecodeFailure.ShuttingDown}.
   */
  public void drain(Duration limit) {
    execute(() -> draining = true);
    try {
      idle.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      log.info("not all answers were finished within {}; ending them", limit);
    }
    close();
  }

  /** Fails whatever runs or waits and ends the loop. */
  @Override
  public void close() {
    execute(() -> stopped = true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Completes when the loop has ended and has answered everybody: exceptionally if nobody had asked
   * it to end.
   */
  public CompletionStage<Void> end() {
    return end.minimalCompletionStage();
  }

  private void run() {
    Throwable cause = null;
    try {
      serve();
    } catch (RuntimeException | Error e) {
      log.error("the decode loop has broken down; this target takes no more requests", e);
      cause = e;
      brokenDown = true;
    }
    try {
      leave();
    } finally {
      if (cause == null) {
        end.complete(null);
      } else {
        end.completeExceptionally(cause);
      }
    }
  }

  private void serve() {
    while (true) {
      commands.runAll();
      scheduler.admit();
      if (stopped) {
        return;
      }
      // Before a wait that may be long: a command may have ended the last sequence.
      showState();
      if (scheduler.isReady()) {
        awaitDraft();
        passes.pass();
        metrics.cost(costs.cost());
      } else {
        awaitCommand();
      }
    }
  }

  /** Answers everybody who is there or comes later. */
  private void leave() {
    stopped = true;
    scheduler.all().forEach(sequence -> failNow(sequence, refusal()));
    commands.loopEnded();
    idle.complete(null);
    showState();
    costs.close();
    pool.close();
  }

  private DecodeFailure refusal() {
    return brokenDown ? new DecodeFailure.OutOfService() : new DecodeFailure.ShuttingDown();
  }

  /** Ends one sequence, because of something that was not foreseen. */
  private void broke(Sequence sequence, Throwable cause) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    log.error("request '{}' failed (error {})", sequence.requestId(), id, cause);
    metrics.broke(cause);
    failNow(
        sequence,
        cause instanceof OutOfMemoryError
            ? new DecodeFailure.OutOfMemory(id)
            : new DecodeFailure.Broken(id));
  }

  /**
   * Gives a draft that is on its way a moment, where that has paid. Not with several sequences: the
   * others would wait in vain, and their passes leave time for drafts.
   */
  private void awaitDraft() {
    Decoding single = scheduler.single();
    if (single == null || !single.drafts.isWorthWaitingFor(single.history.length())) {
      return;
    }
    long nanos = (long) (DraftPatience.BUDGET * costs.cost().seconds(1) * 1e9);
    long start = System.nanoTime();
    while (scheduler.single() == single && single.drafts.isAwaited(single.history.length())) {
      if (!commands.awaitOne(nanos - (System.nanoTime() - start))) {
        break;
      }
    }
    single.drafts.waited();
    metrics.waitedForDraft(System.nanoTime() - start);
  }

  /** Or, if none comes for a while and T(k) is in doubt, measures with one pass. */
  private void awaitCommand() {
    long quiet = costs.quietNanos();
    if (quiet < 0) {
      measuring = false;
      commands.awaitOne();
    } else if (commands.awaitOne(measuring ? 0 : quiet)) {
      measuring = false;
    } else {
      measuring = costs.measure();
      metrics.cost(costs.cost());
    }
  }

  private void acceptOrFail(Sequence sequence) {
    try {
      accept(sequence);
    } catch (RuntimeException | Error e) {
      broke(sequence, e);
    }
  }

  private void accept(Sequence sequence) {
    if (draining || stopped) {
      failNow(sequence, refusal());
      return;
    }
    if (sequence instanceof Decoding decoding) {
      Optional<Reason> over =
          decoding.isResumed()
              ? EndRule.after(decoding, model, settings.contextLength())
              : Optional.empty();
      if (over.isPresent()) {
        endAtOnce(decoding, over.get());
        return;
      }
      int prompt = decoding.history.length();
      if (prompt >= settings.contextLength()) {
        failNow(decoding, tooLong(prompt));
        return;
      }
    }
    if (!scheduler.enqueue(sequence)) {
      Duration after = retryAdvice.after(scheduler.waiting());
      failNow(sequence, new DecodeFailure.QueueFull(scheduler.waiting(), after));
    }
  }

  private DecodeFailure tooLong(int prompt) {
    return new DecodeFailure.PromptTooLong(prompt, settings.contextLength());
  }

  /** A resumed answer that the other replica had completed but for saying so. */
  private void endAtOnce(Decoding sequence, Reason reason) {
    sequence.state = State.ENDED;
    sequence.listener.started(0, 0);
    sequence.listener.finished(sequence.outcome(reason));
  }

  /** Whatever goes wrong with one, the next is to be told too. */
  private void failNow(Sequence sequence, DecodeFailure failure) {
    try {
      scheduler.remove(sequence);
      metrics.failed();
    } catch (RuntimeException | Error e) {
      log.error("request '{}' could not be taken out", sequence.requestId(), e);
    }
    try {
      sequence.failed(failure);
    } catch (RuntimeException | Error e) {
      log.error("request '{}' could not be told that it failed", sequence.requestId(), e);
    }
  }

  private void showState() {
    scheduler.show();
    if (draining && scheduler.isEmpty()) {
      idle.complete(null);
    }
  }
}
