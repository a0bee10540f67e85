package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ErrorText;
import dev.slipstream.gateway.application.GenerationService;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Function;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Reads JSON bodies up to a limit. */
final class BodyReader {
  private final GenerationService service;
  private final HttpSettings settings;
  private final StrictJson json;

  BodyReader(GenerationService service, HttpSettings settings) {
    this.service = service;
    this.settings = settings;
    this.json = new StrictJson(settings.maxBodyBytes());
  }

  /**
   * What the reader makes of the body, off the event loop, as that takes a while for megabytes of
   * token ids. Fails with an {@link dev.slipstream.gateway.application.ApiException} if the body is
   * not an object or there is no room for it, with status 415 if it does not claim to be plain JSON
   * in UTF-8, with 408 if it stops coming, with {@link
   * org.springframework.core.io.buffer.DataBufferLimitException}, and with {@link ClientLeft}.
   */
  <T> Mono<T> read(ServerWebExchange exchange, Function<Fields, T> reader) {
    ServerHttpRequest request = exchange.getRequest();
    String encoding = request.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      return Mono.error(
          unsupported(
              "The content encoding '%s' is not supported. Send the body as it is."
                  .formatted(ErrorText.shortened(encoding))));
    }
    if (!isJson(request)) {
      return Mono.error(unsupported("The content type must be application/json, in UTF-8."));
    }
    return Mono.fromSupplier(
            () ->
                new BodyBuffer(
                    request.getHeaders().getContentLength(),
                    settings.maxBodyBytes(),
                    BodyBytes.of(exchange)))
        .flatMap(body -> Mono.firstWithSignal(received(request, body), stalled(body)))
        .flatMap(
            body ->
                service.onWorker(
                    AccessFilter.caller(exchange),
                    body.size(),
                    () -> reader.apply(json.object(body.take()))));
  }

  private static Mono<BodyBuffer> received(ServerHttpRequest request, BodyBuffer body) {
    return request
        .getBody()
        .onErrorMap(ClientLeft::new)
        .doOnNext(body::append)
        .then(Mono.just(body));
  }

  /**
   * Fails once nothing has come for a while; a client that is merely slow has the whole timeout.
   */
  private Mono<BodyBuffer> stalled(BodyBuffer body) {
    Duration pause = settings.bodyPause();
    return Flux.interval(pause)
        .onBackpressureDrop()
        .map(tick -> body.size())
        .buffer(2, 1)
        .filter(sizes -> sizes.size() == 2 && sizes.getFirst().equals(sizes.getLast()))
        .next()
        .flatMap(
            sizes ->
                Mono.error(
                    new ResponseStatusException(
                        HttpStatus.REQUEST_TIMEOUT,
                        "Nothing more of the request body came for %d ms, after %d bytes."
                            .formatted(pause.toMillis(), body.size()))));
  }

  private static boolean isJson(ServerHttpRequest request) {
    try {
      MediaType type = request.getHeaders().getContentType();
      return type != null
          && type.isCompatibleWith(MediaType.APPLICATION_JSON)
          && (type.getCharset() == null || type.getCharset().equals(StandardCharsets.UTF_8));
    } catch (InvalidMediaTypeException e) {
      return false;
    }
  }

  private static ResponseStatusException unsupported(String reason) {
    return new ResponseStatusException(HttpStatus.UNSUPPORTED_MEDIA_TYPE, reason);
  }
}
