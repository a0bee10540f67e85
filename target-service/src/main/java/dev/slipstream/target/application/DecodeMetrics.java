package dev.slipstream.target.application;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.target.application.Outcome.Timings;
import dev.slipstream.target.spi.PassObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.ToDoubleFunction;

/**
 * The figures of a decode loop, named after vLLM's. The loop's thread writes them; any thread may
 * read.
 */
public final class DecodeMetrics implements PassObserver {
  private static final SpeculationState[] SPECULATION = SpeculationState.values();

  private final MeterRegistry registry;
  private final Tags tags;
  private final CostMetrics costs;
  private final Counter promptTokens;
  private final Counter generatedTokens;
  private final Counter scores;
  private final Counter scoredTokens;
  private final Counter prefixQueries;
  private final Counter prefixHits;
  private final Counter remoteHits;
  private final DrafterMetrics drafters;
  private final Counter droppedProposals;
  private final Counter preemptions;
  private final Counter recomputations;
  private final Counter cancellations;
  private final Counter failures;
  private final Counter steps;
  private final Counter rows;
  private final Timer queueTime;
  private final Timer draftWaits;
  private final Timer prefillTime;
  private final Timer decodeTime;
  private final Counter[] finishedBy = new Counter[SPECULATION.length];
  private final AtomicIntegerArray runningBy = new AtomicIntegerArray(SPECULATION.length);
  private final int[] counts = new int[SPECULATION.length];
  private volatile State state = new State(0, 0, 0, 0, 1, 0);

  private record State(
      int running, int waiting, int speculating, int usedBlocks, int totalBlocks, int retained) {}

  /**
   * @param model whose id is the label {@code model_name}
   * @param cost of passes as it is known at the start
   */
  public DecodeMetrics(MeterRegistry registry, ServedModel model, PassCost cost) {
    this.registry = registry;
    this.tags = Tags.of("model_name", model.id());
    this.costs = new CostMetrics(registry, tags.and("format", model.weights().format()), cost);
    promptTokens = counter("prompt.tokens", "Prompt tokens of admitted requests");
    generatedTokens = counter("generation.tokens", "Generated tokens");
    scores = counter("num.scores", "Requests for scores that were answered");
    scoredTokens = counter("scored.tokens", "Tokens of continuations that were scored");
    prefixQueries = counter("prefix.cache.queries", "Prompt tokens looked up in the caches");
    prefixHits =
        counter(
            "prefix.cache.hits",
            "Prompt tokens whose KV was cached; hit rate = prefix_cache_hits/prefix_cache_queries");
    remoteHits =
        counter("prefix.cache.remote.hits", "The part of prefix_cache_hits from kv-service");
    drafters = new DrafterMetrics(registry, tags);
    droppedProposals =
        counter(
            "spec.decode.num.proposals.dropped", "Proposals that did not fit the text (any more)");
    preemptions = counter("num.preemptions", "Requests that lost their KV blocks to older ones");
    recomputations =
        counter(
            "num.recomputations",
            "Requests whose passes went wrong on KV from kv-service, and were computed again from"
                + " their tokens");
    cancellations = counter("requests.cancelled", "Requests cancelled by the client");
    failures = counter("requests.failed", "Requests refused or failed");
    steps = counter("decode.steps", "Forward passes; mean batch = decode_step_rows/decode_steps");
    rows = counter("decode.step.rows", "Rows of all forward passes");
    queueTime = timer("request.queue.time", "Waiting for a place in the batch");
    draftWaits = timer("spec.decode.draft.wait", "Passes that waited for a draft on its way");
    prefillTime = timer("request.prefill.time", "From leaving the queue to the first token");
    decodeTime = timer("request.decode.time", "From the first to the last token");
    registerGauges();
    for (SpeculationState by : SPECULATION) {
      registerState(by, tags.and("state", by.state(), "reason", by.reason()));
    }
  }

  private void registerGauges() {
    gauge("num.requests.running", "Requests in the batch", m -> m.state.running());
    gauge("num.requests.waiting", "Requests in the queue", m -> m.state.waiting());
    gauge(
        "spec.decode.num.requests",
        "Running requests that verify drafts",
        m -> m.state.speculating());
    gauge("kv.cache.blocks", "KV blocks in all", m -> m.state.totalBlocks());
    gauge("kv.cache.blocks.used", "KV blocks that requests use", m -> m.state.usedBlocks());
    gauge(
        "kv.cache.blocks.retained",
        "KV blocks kept for later prompts, free on demand",
        m -> m.state.retained());
    gauge(
        "kv.cache.usage.perc",
        "kv_cache_blocks_used / kv_cache_blocks, 0 to 1",
        m -> (double) m.state.usedBlocks() / m.state.totalBlocks());
  }

  private void registerState(SpeculationState by, Tags labels) {
    Gauge.builder("slipstream.spec.decode.request.state", runningBy, r -> r.get(by.ordinal()))
        .description(
            "Running requests by what speculation does for them and why; gain = (tokens/T) with the"
                + " draft : (tokens/T) without")
        .tags(labels)
        .register(registry);
    finishedBy[by.ordinal()] =
        Counter.builder("slipstream.spec.decode.num.requests.finished")
            .description("Finished requests by what speculation did for them at the end and why")
            .tags(labels)
            .register(registry);
  }

  void admitted(Sequence sequence) {
    int prompt = sequence.history.length();
    promptTokens.increment(prompt);
    prefixQueries.increment(prompt);
    prefixHits.increment(sequence.cachedTokens);
    remoteHits.increment(sequence.remoteCachedTokens);
  }

  @Override
  public void computed(Pass pass) {
    steps.increment();
    rows.increment(pass.rows());
  }

  /** What is known of T(k) now. */
  void cost(PassCost cost) {
    costs.show(cost);
  }

  void committed(int tokens) {
    generatedTokens.increment(tokens);
  }

  void scored(int tokens) {
    scores.increment();
    scoredTokens.increment(tokens);
  }

  /** The meters of drafters and their drafts. */
  DrafterMetrics drafters() {
    return drafters;
  }

  void finished(Outcome outcome, SpeculationState by) {
    finishedBy[by.ordinal()].increment();
    Timings timings = outcome.timings();
    record(queueTime, timings.queue());
    record(prefillTime, timings.prefill());
    record(decodeTime, timings.decode());
  }

  /** A proposal was malformed or did not fit the text. */
  public void proposalDropped() {
    droppedProposals.increment();
  }

  void preempted() {
    preemptions.increment();
  }

  void recomputed() {
    recomputations.increment();
  }

  void waitedForDraft(long nanos) {
    draftWaits.record(nanos, TimeUnit.NANOSECONDS);
  }

  void cancelled() {
    cancellations.increment();
  }

  void failed() {
    failures.increment();
  }

  /** Something unforeseen has ended a request. */
  void broke(Throwable cause) {
    if (cause instanceof VirtualMachineError || cause instanceof LinkageError) {
      Counter.builder("slipstream.vm.errors")
          .description("Errors of the JVM, such as a stack overflow, that requests have met")
          .tag("error", cause.getClass().getSimpleName())
          .register(registry)
          .increment();
    }
  }

  void show(Scheduler scheduler, KvPool pool, int retained) {
    Arrays.fill(counts, 0);
    int speculating = 0;
    for (Sequence sequence : scheduler.running()) {
      if (sequence instanceof Decoding decoding) {
        speculating += decoding.drafts.isOn() ? 1 : 0;
        counts[decoding.drafts.state().ordinal()]++;
      }
    }
    for (int i = 0; i < counts.length; i++) {
      runningBy.set(i, counts[i]);
    }
    state =
        new State(
            scheduler.running().size(),
            scheduler.waiting(),
            speculating,
            pool.usedBlocks(),
            pool.totalBlocks(),
            retained);
  }

  private static void record(Timer timer, double millis) {
    timer.record(Duration.ofNanos((long) (millis * 1e6)));
  }

  private Counter counter(String name, String help) {
    return Counter.builder("slipstream." + name).description(help).tags(tags).register(registry);
  }

  private Timer timer(String name, String help) {
    return Timer.builder("slipstream." + name)
        .description(help)
        .tags(tags)
        .serviceLevelObjectives(
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            Duration.ofMillis(20),
            Duration.ofMillis(100),
            Duration.ofMillis(300),
            Duration.ofSeconds(1),
            Duration.ofSeconds(3),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(10))
        .register(registry);
  }

  private void gauge(String name, String help, ToDoubleFunction<DecodeMetrics> value) {
    Gauge.builder("slipstream." + name, this, value)
        .description(help)
        .tags(tags)
        .register(registry);
  }
}
