package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.BreakerState;
import dev.slipstream.gateway.upstream.DraftEndpoint;
import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.Targets;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Shows how the services behind this gateway are, and how work is spread over them. */
public record EndpointMetrics(Targets targets, Drafts drafts) implements MeterBinder {

  @Override
  public void bindTo(MeterRegistry registry) {
    targets.watch(target -> unbinding(registry, bind(target, registry)));
    drafts.watch(draft -> unbinding(registry, bind(draft, registry)));
  }

  /** A replica that has left its name must not stay as a line that never moves. */
  private static Runnable unbinding(MeterRegistry registry, List<Meter> meters) {
    return () -> meters.forEach(registry::remove);
  }

  private static List<Meter> bind(TargetEndpoint target, MeterRegistry registry) {
    List<Meter> meters = new ArrayList<>();
    meters.add(
        Gauge.builder("slipstream.target.up", target, t -> t.model().isPresent() ? 1 : 0)
            .description("Whether the target answers and has its model (1) or not (0)")
            .tag("target", target.name())
            .register(registry));
    for (BreakerState state : BreakerState.values()) {
      meters.add(
          Gauge.builder("slipstream.target.breaker", target, t -> t.breaker() == state ? 1 : 0)
              .description(
                  "1 for the state of the circuit breaker: closed, half_open (one stream tries it), open (no streams)")
              .tag("target", target.name())
              .tag("state", state.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    meters.add(
        Gauge.builder("slipstream.target.streams", target, TargetEndpoint::inFlight)
            .description("Streams that this gateway has open to the target")
            .tag("target", target.name())
            .register(registry));
    meters.add(
        FunctionCounter.builder("slipstream.target.requests", target, TargetEndpoint::opened)
            .description("Streams that this gateway has opened to the target")
            .tag("target", target.name())
            .register(registry));
    return meters;
  }

  private static List<Meter> bind(DraftEndpoint draft, MeterRegistry registry) {
    return List.of(
        FunctionCounter.builder("slipstream.draft.requests", draft, DraftEndpoint::opened)
            .description("Streams that this gateway has opened to the draft service")
            .tag("draft", draft.name())
            .register(registry));
  }
}
