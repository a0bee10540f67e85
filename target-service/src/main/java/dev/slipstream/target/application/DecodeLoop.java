package dev.slipstream.target.application;

import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.target.application.Outcome.Reason;
import dev.slipstream.target.application.Sequence.State;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continuous batching: one platform thread runs pass after pass over whatever sequences there are;
 * they join and leave between passes. Everybody else hands it commands through a queue, and nothing
 * a client does can make it wait. It sleeps when there is nothing to do.
 */
public final class DecodeLoop implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DecodeLoop.class);

  /**
   * Passes in a row that may fail for want of memory. After that it is not their sequences' fault:
   * the loop ends, the process is started again, and other targets go on with its answers.
   */
  private static final int MOST_STARVED = 3;

  private final ServedModel model;
  private final LoopSettings settings;
  private final DecodeMetrics metrics;
  private final PassCosts costs;
  private final LinkedBlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
  private final KvPool pool;
  private final Scheduler scheduler;
  private final DecodeStep step;
  private final SamplingWorkspace workspace;
  private final RetryAdvice retryAdvice;
  private final CompletableFuture<Void> idle = new CompletableFuture<>();
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private final Thread thread;
  private boolean measuring;
  private boolean draining;
  private boolean stopped;
  private boolean brokenDown;
  private int starved;
  private volatile boolean terminated;

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
      DecodeMetrics metrics) {
    this.model = model;
    this.settings = settings;
    this.metrics = metrics;
    this.costs = costs;
    this.pool = new KvPool(model.kvLayout(), settings.kvBlocks());
    this.scheduler = new Scheduler(settings, pool, shared, metrics, this::send, this::broke);
    this.retryAdvice = new RetryAdvice(settings.maxRunning());
    this.step =
        new DecodeStep(model, settings, scheduler, metrics, retryAdvice, costs, this::broke);
    this.workspace = new SamplingWorkspace(model.vocabularySize());
    this.thread = Thread.ofPlatform().name("decode-loop").start(this::run);
  }

  /**
   * Queues a sequence. The listener hears the rest, a refusal included.
   *
   * @throws IllegalArgumentException if the sampling parameters do not fit the vocabulary
   */
  public DecodeHandle submit(DecodeTask task, DecodeListener listener) {
    if (task.prompt().length > settings.contextLength()) {
      // Now: many of them must not wait here for the pass to end.
      metrics.failed();
      listener.failed(tooLong(task.prompt().length));
      return DecodeHandle.ENDED;
    }
    BlockKeyChain keys =
        new BlockKeyChain(model.digest(), model.tokenizerDigest(), model.kvLayout(), task.tenant());
    Sequence sequence = new Sequence(task, listener, keys, workspace, settings.maxDraftTokens());
    send(() -> acceptOrFail(sequence));
    return new Handle(sequence);
  }

  /**
   * Refuses new sequences from now on, lets the others finish for a while, and then fails those
   * that are left with {@link DecodeFailure.ShuttingDown}.
   */
  public void drain(Duration limit) {
    send(() -> draining = true);
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
    send(() -> stopped = true);
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
      drainCommands();
      scheduler.admit();
      if (stopped) {
        return;
      }
      // Before a wait that may be long: a command may have ended the last sequence.
      showState();
      if (scheduler.isReady()) {
        awaitDraft();
        pass();
      } else {
        awaitCommand();
      }
    }
  }

  /** Answers everybody who is there or comes later. */
  private void leave() {
    stopped = true;
    scheduler.all().forEach(sequence -> fail(sequence, refusal()));
    terminated = true;
    drainCommands();
    idle.complete(null);
    showState();
    costs.close();
    pool.close();
  }

  private DecodeFailure refusal() {
    return brokenDown ? new DecodeFailure.OutOfService() : new DecodeFailure.ShuttingDown();
  }

  private void pass() {
    try {
      step.run();
      starved = 0;
    } catch (RuntimeException | Error e) {
      if (e instanceof OutOfMemoryError && ++starved == MOST_STARVED) {
        throw e;
      }
      tellApart(e);
    }
  }

  /**
   * A pass has failed, and so has committed nothing. Whose fault that was shows when everybody is
   * computed alone; the others go on.
   */
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
      broke(sequence, cause);
    }
  }

  /** Ends one sequence, because of something that was not foreseen. */
  private void broke(Sequence sequence, Throwable cause) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    log.error("request '{}' failed (error {})", sequence.task.requestId(), id, cause);
    metrics.broke(cause);
    fail(
        sequence,
        cause instanceof OutOfMemoryError
            ? new DecodeFailure.OutOfMemory(id)
            : new DecodeFailure.Broken(id));
  }

  /** Commands that come after the loop's end find it stopped, on the sender's thread. */
  private void send(Runnable command) {
    commands.add(command);
    if (terminated) {
      drainCommands();
    }
  }

  /**
   * Gives a draft that is on its way a moment, where that has paid. Not with several sequences: the
   * others would wait in vain, and their passes leave time for drafts.
   */
  private void awaitDraft() {
    Sequence single = scheduler.single();
    if (single == null || !single.drafts.isWorthWaitingFor(single.history.length())) {
      return;
    }
    long nanos = (long) (DraftPatience.BUDGET * step.plainSeconds() * 1e9);
    long start = System.nanoTime();
    while (scheduler.single() == single && single.drafts.isAwaited(single.history.length())) {
      Runnable command = poll(nanos - (System.nanoTime() - start));
      if (command == null) {
        break;
      }
      execute(command);
    }
    single.drafts.waited();
    metrics.waitedForDraft(System.nanoTime() - start);
  }

  private Runnable poll(long nanos) {
    try {
      return commands.poll(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("the decode loop was interrupted", e);
    }
  }

  /** Or, if none comes for a while and T(k) is in doubt, measures with one pass. */
  private void awaitCommand() {
    long quiet = costs.quietNanos();
    try {
      Runnable command =
          quiet < 0 ? commands.take() : commands.poll(measuring ? 0 : quiet, TimeUnit.NANOSECONDS);
      measuring = command == null && costs.measure();
      if (command == null) {
        metrics.cost(costs.cost());
      } else {
        execute(command);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("the decode loop was interrupted", e);
    }
  }

  private void drainCommands() {
    for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
      execute(command);
    }
  }

  private static void execute(Runnable command) {
    try {
      command.run();
    } catch (RuntimeException | Error e) {
      log.error("a command of the decode loop failed", e);
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
    int prompt = sequence.history.length();
    Optional<Reason> over =
        sequence.task.resumedTokens() > 0
            ? EndRule.after(sequence, model, settings.contextLength())
            : Optional.empty();
    if (draining || stopped) {
      fail(sequence, refusal());
    } else if (over.isPresent()) {
      endAtOnce(sequence, over.get());
    } else if (prompt >= settings.contextLength()) {
      fail(sequence, tooLong(prompt));
    } else if (!scheduler.enqueue(sequence)) {
      Duration after = retryAdvice.after(scheduler.waiting());
      fail(sequence, new DecodeFailure.QueueFull(scheduler.waiting(), after));
    }
  }

  private DecodeFailure tooLong(int prompt) {
    return new DecodeFailure.PromptTooLong(prompt, settings.contextLength());
  }

  /** A resumed answer that the other replica had completed but for saying so. */
  private void endAtOnce(Sequence sequence, Reason reason) {
    sequence.state = State.ENDED;
    sequence.listener.started(0, 0);
    sequence.listener.finished(
        new Outcome(reason, sequence.usage(), sequence.drafts.figures(), sequence.timings()));
  }

  /** Whatever goes wrong with one, the next is to be told too. */
  private void fail(Sequence sequence, DecodeFailure failure) {
    try {
      scheduler.remove(sequence);
      metrics.failed();
    } catch (RuntimeException | Error e) {
      log.error("request '{}' could not be taken out", sequence.task.requestId(), e);
    }
    try {
      sequence.listener.failed(failure);
    } catch (RuntimeException | Error e) {
      log.error("request '{}' could not be told that it failed", sequence.task.requestId(), e);
    }
  }

  private void showState() {
    scheduler.show();
    if (draining && scheduler.isEmpty()) {
      idle.complete(null);
    }
  }

  private final class Handle implements DecodeHandle {
    private final Sequence sequence;

    /** The latest proposal that the loop has not seen: a client that floods fills no queue. */
    private final AtomicReference<Proposed> latest = new AtomicReference<>();

    Handle(Sequence sequence) {
      this.sequence = sequence;
    }

    @Override
    public void propose(Proposed proposal) {
      if (latest.getAndAccumulate(proposal, Proposed::later) == null) {
        send(this::takeLatest);
      } else {
        metrics.proposalDropped();
      }
    }

    private void takeLatest() {
      Proposed proposal = latest.getAndSet(null);
      if (sequence.state == State.ENDED) {
        return;
      }
      metrics.drafters().proposed(proposal);
      if (!sequence.drafts.propose(proposal, sequence.history)) {
        metrics.proposalDropped();
      }
    }

    @Override
    public void fail(DecodeFailure failure) {
      send(
          () -> {
            if (sequence.state != State.ENDED) {
              DecodeLoop.this.fail(sequence, failure);
            }
          });
    }

    @Override
    public void cancel() {
      send(
          () -> {
            if (sequence.state != State.ENDED) {
              metrics.cancelled(); // first: whoever sees the freed blocks sees the reason too
              scheduler.remove(sequence);
            }
          });
    }
  }
}
