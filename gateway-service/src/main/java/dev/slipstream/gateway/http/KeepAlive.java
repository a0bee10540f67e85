package dev.slipstream.gateway.http;

import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** Comment lines that keep proxies from closing an event stream that has nothing to say. */
final class KeepAlive {
  private static final String COMMENT = ": keep-alive\n\n";

  private KeepAlive() {}

  /** The events, and a comment in every interval until they end. */
  static Flux<String> between(Flux<String> events, Duration interval) {
    Sinks.Empty<Void> end = Sinks.empty();
    Flux<String> comments =
        Flux.interval(interval)
            .onBackpressureDrop()
            .map(tick -> COMMENT)
            .takeUntilOther(end.asMono());
    return Flux.merge(events.doOnTerminate(end::tryEmitEmpty), comments);
  }
}
