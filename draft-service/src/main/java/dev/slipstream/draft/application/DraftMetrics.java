package dev.slipstream.draft.application;

import dev.slipstream.engine.speculation.Proposed;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** The service's figures. Acceptance is known, and counted, in the target. */
public final class DraftMetrics {
  private final MeterRegistry registry;

  public DraftMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (DraftRefusedException.Reason reason : DraftRefusedException.Reason.values()) {
      refusals(reason);
    }
  }

  void watchStreams(AtomicInteger streams) {
    Gauge.builder("slipstream.draft.streams", streams, AtomicInteger::get)
        .description("Texts being followed")
        .register(registry);
  }

  void refused(DraftRefusedException.Reason reason) {
    refusals(reason).increment();
  }

  private Counter refusals(DraftRefusedException.Reason reason) {
    return Counter.builder("slipstream.draft.refused")
        .description("Streams refused or ended, by reason")
        .tag("reason", reason.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }

  /** The meters of one drafter. */
  OfDrafter of(String drafter) {
    return new OfDrafter(
        Counter.builder("slipstream.draft.proposals")
            .description("Proposals sent; mean size = draft_proposed_tokens / draft_proposals")
            .tag("drafter", drafter)
            .register(registry),
        Counter.builder("slipstream.draft.proposed.tokens")
            .description("Nodes of the proposals sent")
            .tag("drafter", drafter)
            .register(registry),
        Timer.builder("slipstream.draft.propose")
            .description("Time that the drafter took for what it sent")
            .tag("drafter", drafter)
            .register(registry));
  }

  record OfDrafter(Counter proposals, Counter tokens, Timer time) {
    void proposed(Proposed proposal) {
      time.record(Duration.ofNanos((long) (1e9 * proposal.seconds())));
      if (!proposal.tree().isEmpty()) {
        proposals.increment();
        tokens.increment(proposal.tree().size());
      }
    }
  }
}
