package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.upstream.FailureKind;
import dev.slipstream.proto.v1.FinishReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;

/** What the gateway shows to Micrometer. One answer is one request here, as in the target. */
public final class GatewayMetrics {
  private static final Duration[] LATENCIES =
      millis(50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000);
  private static final Duration[] TOKEN_TIMES =
      millis(2, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000, 2500);

  private final MeterRegistry registry;
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger draftStreams = new AtomicInteger();

  public GatewayMetrics(MeterRegistry registry) {
    this.registry = registry;
    gauge("num.requests.running", "Answers that a target has in its batch", running);
    gauge("num.requests.waiting", "Answers that no target has taken into its batch yet", waiting);
    gauge("draft.streams", "Answers that a draft service follows now", draftStreams);
    registerFailures();
  }

  /** Of a counter that is not there before it counts, Prometheus never sees the first increase. */
  private void registerFailures() {
    Stream.of(FailureKind.BUSY, FailureKind.GONE, FailureKind.FAULT)
        .forEach(
            why -> {
              retries(why);
              resumes(why);
            });
    refusals();
    Stream.of("first", "again").forEach(this::quarantines);
    Stream.of("request", "target", "none", "tokenizer_mismatch", "unavailable")
        .forEach(this::missingDraftStreams);
  }

  /** Measures one answer and logs it when it is over. */
  Flux<GenerationEvent> observe(
      Flux<GenerationEvent> events, PreparedRequest request, String requestId, Defects defects) {
    return Flux.defer(
        () -> {
          RequestRecord record = new RequestRecord(this, request, requestId);
          waiting.incrementAndGet();
          return events
              .map(defects.guarded("the record of request " + requestId, record::heard))
              .doOnError(record::failed)
              .doOnCancel(record::cancelled);
        });
  }

  void answerStarted() {
    waiting.decrementAndGet();
    running.incrementAndGet();
  }

  void answerEnded(boolean started) {
    (started ? running : waiting).decrementAndGet();
  }

  void draftStreamOpened() {
    draftStreams.incrementAndGet();
  }

  void draftStreamClosed() {
    draftStreams.decrementAndGet();
  }

  /** An answer has no draft stream (any more). */
  void draftStreamMissing(String reason) {
    missingDraftStreams(reason).increment();
  }

  private Counter missingDraftStreams(String reason) {
    return Counter.builder("slipstream.draft.stream.missing")
        .description("Answers without a draft stream, or whose draft stream broke, by reason")
        .tag("reason", reason)
        .register(registry);
  }

  /** A request goes to another target before it has a token. */
  void retried(FailureKind why) {
    retries(why).increment();
  }

  private Counter retries(FailureKind why) {
    return counter(
        "request.retries", "Requests that were sent to another target before a token came", why);
  }

  /** Another target goes on with an answer. */
  void resumed(FailureKind why) {
    resumes(why).increment();
  }

  private Counter resumes(FailureKind why) {
    return counter("request.resumes", "Answers that another target went on with", why);
  }

  /** A request was refused since too many answers are under way, or prompts are waiting. */
  void refused() {
    refusals().increment();
  }

  private Counter refusals() {
    return Counter.builder("slipstream.requests.refused")
        .description(
            "Requests that the gateway refused as too many answers were under way or too many prompts waiting")
        .register(registry);
  }

  /**
   * @param when "first" or "again"
   */
  void quarantined(String when) {
    quarantines(when).increment();
  }

  private Counter quarantines(String when) {
    return Counter.builder("slipstream.requests.quarantined")
        .description(
            "Requests that were refused because targets fail over them; when: first (two targets just did), again (it was known)")
        .tag("when", when)
        .register(registry);
  }

  /** A request has met an error of the JVM. */
  void vmError(Throwable error) {
    Counter.builder("slipstream.vm.errors")
        .description("Errors of the JVM, such as a stack overflow, that requests have met")
        .tag("error", error.getClass().getSimpleName())
        .register(registry)
        .increment();
  }

  void watchPrompts(FairWorkers workers) {
    Gauge.builder("slipstream.prompts.waiting", workers, FairWorkers::waiting)
        .description("Requests that wait for a thread that parses or tokenises them")
        .register(registry);
  }

  void firstToken(String model, long nanos) {
    timer(
            "time.to.first.token",
            "From the request's arrival at the gateway to its first token",
            model,
            LATENCIES)
        .record(Duration.ofNanos(nanos));
  }

  /** Meters that every step of an answer needs: to look them up costs more than to count. */
  record StepMeters(Counter tokens, Timer latency) {
    void arrived(int count, long sinceLastNanos) {
      tokens.increment(count);
      if (sinceLastNanos > 0) {
        latency.record(sinceLastNanos, TimeUnit.NANOSECONDS);
      }
    }
  }

  StepMeters stepMeters(String model) {
    return new StepMeters(
        counter("generation.tokens", "Tokens generated", model),
        timer(
            "inter.token.latency",
            "Between one arrival of tokens and the next; several tokens may arrive at once, see time_per_output_token_seconds",
            model,
            TOKEN_TIMES));
  }

  void promptTokens(String model, int tokens) {
    counter("prompt.tokens", "Prompt tokens, cached or not", model).increment(tokens);
  }

  /**
   * @param tokens of the answer
   * @param decodeNanos from the first token to the last
   */
  void ended(String model, String reason, long totalNanos, int tokens, long decodeNanos) {
    timer(
            "e2e.request.latency",
            "From the request's arrival at the gateway to the end of its answer",
            model,
            LATENCIES)
        .record(Duration.ofNanos(totalNanos));
    if (tokens > 1) {
      timer(
              "time.per.output.token",
              "(time of last token - time of first token) / (tokens - 1), once for each answer",
              model,
              TOKEN_TIMES)
          .record(Duration.ofNanos(decodeNanos / (tokens - 1)));
    }
    Counter.builder("slipstream.request.success")
        .description("Answers that are over; finished_reason: stop, length, abort, error")
        .tag("model_name", model)
        .tag("finished_reason", reason)
        .register(registry)
        .increment();
  }

  static String name(FinishReason reason) {
    return switch (reason) {
      case FINISH_REASON_LENGTH -> "length";
      case FINISH_REASON_STOP, FINISH_REASON_UNSPECIFIED, UNRECOGNIZED -> "stop";
    };
  }

  private Counter counter(String name, String help, FailureKind why) {
    return Counter.builder("slipstream." + name)
        .description(
            help + ", by reason: busy, gone (not there any more), fault (there, but fails)")
        .tag("reason", why.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }

  private Counter counter(String name, String help, String model) {
    return Counter.builder("slipstream." + name)
        .description(help)
        .tag("model_name", model)
        .register(registry);
  }

  private Timer timer(String name, String help, String model, Duration[] buckets) {
    return Timer.builder("slipstream." + name)
        .description(help)
        .tag("model_name", model)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }

  private void gauge(String name, String help, AtomicInteger value) {
    Gauge.builder("slipstream." + name, value, AtomicInteger::get)
        .description(help)
        .register(registry);
  }

  private static Duration[] millis(Integer... values) {
    return Stream.of(values).map(Duration::ofMillis).toArray(Duration[]::new);
  }
}
