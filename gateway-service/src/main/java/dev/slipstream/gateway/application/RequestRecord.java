package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.proto.v1.SpeculationStats;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Follows one answer for the metrics and writes its line in the log: figures, never text. */
final class RequestRecord {
  private static final Logger log = LoggerFactory.getLogger("dev.slipstream.gateway.requests");
  private static final int LONGEST_LABEL = 64;

  private final GatewayMetrics metrics;
  private final PreparedRequest request;
  private final String requestId;
  private final String model;
  private final GatewayMetrics.StepMeters stepMeters;
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);
  private volatile int tokens;
  private volatile long firstNanos;
  private volatile long lastNanos;

  /** Changes once each, whichever thread comes first: a client may leave as its answer starts. */
  private enum Phase {
    WAITING,
    RUNNING,
    OVER
  }

  RequestRecord(GatewayMetrics metrics, PreparedRequest request, String requestId) {
    this.metrics = metrics;
    this.request = request;
    this.requestId = requestId;
    this.model = request.model().id();
    this.stepMeters = metrics.stepMeters(model);
    metrics.promptTokens(model, request.prompt().length);
  }

  /** The same event. */
  GenerationEvent heard(GenerationEvent event) {
    switch (event) {
      case GenerationEvent.Started() -> {
        if (phase.compareAndSet(Phase.WAITING, Phase.RUNNING)) {
          metrics.answerStarted();
        }
      }
      case GenerationEvent.Chunk chunk -> tokens(chunk.tokens().size());
      case GenerationEvent.Finished finished ->
          end(
              GatewayMetrics.name(finished.reason()),
              "ok",
              finished.resumes(),
              finished.speculation());
    }
    return event;
  }

  private void tokens(int count) {
    if (count == 0) {
      return;
    }
    long now = System.nanoTime();
    request.caller().useAnswer(count);
    stepMeters.arrived(count, firstNanos == 0 ? 0 : now - lastNanos);
    if (firstNanos == 0) {
      firstNanos = now;
      metrics.firstToken(model, now - request.arrivedNanos());
    }
    lastNanos = now;
    tokens += count;
  }

  void failed(Throwable cause) {
    String status =
        cause instanceof ApiException e ? e.error().getClass().getSimpleName() : "Internal";
    end("error", status, 0, SpeculationStats.getDefaultInstance());
    if (!(cause instanceof ApiException)) {
      log.error("request {} failed", requestId, cause);
    }
  }

  void cancelled() {
    end("abort", "cancelled", 0, SpeculationStats.getDefaultInstance());
  }

  private void end(String reason, String status, int resumes, SpeculationStats speculation) {
    Phase last = phase.getAndSet(Phase.OVER);
    if (last == Phase.OVER) {
      return;
    }
    metrics.answerEnded(last == Phase.RUNNING);
    long total = System.nanoTime() - request.arrivedNanos();
    metrics.ended(model, reason, total, tokens, lastNanos - firstNanos);
    log.info(
        "request id={} model={} key={} user={} status={} finish_reason={} prompt_tokens={} completion_tokens={} ttft_ms={} duration_ms={} resumes={} drafted={} accepted={}",
        requestId,
        model,
        request.caller().name(),
        label(request.user()),
        status.toLowerCase(Locale.ROOT),
        reason,
        request.prompt().length,
        tokens,
        firstNanos == 0 ? "-" : ms(firstNanos - request.arrivedNanos()),
        ms(total),
        resumes,
        speculation.getDrafted(),
        speculation.getAccepted());
  }

  private static String ms(long nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e6);
  }

  /** Comes from outside: no line breaks or quotes of its own in the log. */
  private static String label(String user) {
    String text = user.length() > LONGEST_LABEL ? user.substring(0, LONGEST_LABEL) : user;
    return text.isEmpty() ? "-" : '"' + text.replaceAll("[^\\x20-\\x7e]|[\"\\\\]", "_") + '"';
  }
}
