package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.GenerationService;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** {@code GET /health} and {@code GET /metrics}, where users of the peers look for them. */
@RestController
class StatusController {
  private final GenerationService service;
  private final PrometheusMeterRegistry metrics;
  private final JsonWriter json = new JsonWriter();

  StatusController(GenerationService service, PrometheusMeterRegistry metrics) {
    this.service = service;
    this.metrics = metrics;
  }

  @GetMapping("/health")
  Mono<Void> health(ServerWebExchange exchange) {
    return service.models().isEmpty()
        ? json.write(
            exchange.getResponse(),
            HttpStatus.SERVICE_UNAVAILABLE,
            Map.of(
                "error",
                Map.of("message", "Loading model", "type", "unavailable_error", "code", 503)))
        : json.write(exchange.getResponse(), HttpStatus.OK, Map.of("status", "ok"));
  }

  @GetMapping("/metrics")
  Mono<Void> metrics(ServerWebExchange exchange) {
    var response = exchange.getResponse();
    response
        .getHeaders()
        .setContentType(MediaType.parseMediaType("text/plain;version=0.0.4;charset=utf-8"));
    // Not on the workers: a gateway that is busy is what whoever watches it must see.
    return Mono.fromCallable(metrics::scrape)
        .subscribeOn(Schedulers.boundedElastic())
        .map(text -> response.bufferFactory().wrap(text.getBytes(StandardCharsets.UTF_8)))
        .flatMap(buffer -> response.writeWith(Mono.just(buffer)));
  }
}
