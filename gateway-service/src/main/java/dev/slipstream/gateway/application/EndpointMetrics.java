package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.BreakerState;
import dev.slipstream.gateway.upstream.DraftEndpoint;
import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.Targets;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;

/** Shows how the services behind this gateway are, and how work is spread over them. */
public record EndpointMetrics(Targets targets, Drafts drafts) implements MeterBinder {

  @Override
  public void bindTo(MeterRegistry registry) {
    targets.endpoints().forEach(target -> bind(target, registry));
    drafts.endpoints().forEach(draft -> bind(draft, registry));
  }

  private static void bind(TargetEndpoint target, MeterRegistry registry) {
    Gauge.builder("slipstream.target.up", target, t -> t.model().isPresent() ? 1 : 0)
        .description("Whether the target answers and has its model (1) or not (0)")
        .tag("target", target.name())
        .register(registry);
    for (BreakerState state : BreakerState.values()) {
      Gauge.builder("slipstream.target.breaker", target, t -> t.breaker() == state ? 1 : 0)
          .description(
              "1 for the state of the circuit breaker: closed, half_open (one stream tries it), open (no streams)")
          .tag("target", target.name())
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    Gauge.builder("slipstream.target.streams", target, TargetEndpoint::inFlight)
        .description("Streams that this gateway has open to the target")
        .tag("target", target.name())
        .register(registry);
    FunctionCounter.builder("slipstream.target.requests", target, TargetEndpoint::opened)
        .description("Streams that this gateway has opened to the target")
        .tag("target", target.name())
        .register(registry);
  }

  private static void bind(DraftEndpoint draft, MeterRegistry registry) {
    FunctionCounter.builder("slipstream.draft.requests", draft, DraftEndpoint::opened)
        .description("Streams that this gateway has opened to the draft service")
        .tag("draft", draft.name())
        .register(registry);
  }
}
