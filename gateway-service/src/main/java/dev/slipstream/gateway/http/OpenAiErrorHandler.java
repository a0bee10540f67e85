package dev.slipstream.gateway.http;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/** Gives every failure OpenAI's error body; comes before Spring Boot's own handler. */
@Component
@Order(-2)
class OpenAiErrorHandler implements WebExceptionHandler {
  private static final Logger log = LoggerFactory.getLogger("dev.slipstream.gateway.requests");

  private final JsonWriter json = new JsonWriter();

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    var response = exchange.getResponse();
    if (failure instanceof ClientLeft) {
      log.info(
          "request status=499 code=client_closed_request reason={} id={}",
          failure.getMessage(),
          exchange.getRequest().getId());
      return Mono.empty();
    }
    if (response.isCommitted()) {
      return Mono.error(failure);
    }
    HttpErrors.Failure shown = HttpErrors.of(failure);
    var detail = shown.body().error();
    if (shown.status().value() == 500) {
      log.error("request {} failed", exchange.getRequest().getPath(), failure);
    }
    log.info(
        "request status={} code={} param={} id={}",
        shown.status().value(),
        detail.code(),
        detail.param() == null ? null : detail.param().replaceAll("[^\\x21-\\x7e]", "_"),
        exchange.getRequest().getId());
    HttpHeaders headers = response.getHeaders();
    if (failure instanceof ErrorResponse error) {
      headers.putAll(error.getHeaders());
    }
    if (shown.status().isSameCodeAs(HttpStatus.REQUEST_TIMEOUT)) {
      headers.set(HttpHeaders.CONNECTION, "close");
    }
    if (shown.retryAfter() != null) {
      long seconds = Math.max(1, (shown.retryAfter().toMillis() + 999) / 1000);
      headers.set(HttpHeaders.RETRY_AFTER, Long.toString(seconds));
    }
    return json.write(response, shown.status(), shown.body());
  }
}
