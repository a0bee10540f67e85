package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ErrorText;
import dev.slipstream.gateway.application.GenerationService;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Reads JSON bodies up to a limit. */
final class BodyReader {
  private final GenerationService service;
  private final int maxBytes;
  private final StrictJson json;

  BodyReader(GenerationService service, int maxBytes) {
    this.service = service;
    this.maxBytes = maxBytes;
    this.json = new StrictJson(maxBytes);
  }

  /**
   * What the reader makes of the body, off the event loop, as that takes a while for megabytes of
   * token ids. Fails with an {@link dev.slipstream.gateway.application.ApiException} if the body is
   * not an object, with status 415 if it does not claim to be plain JSON in UTF-8, and with {@link
   * org.springframework.core.io.buffer.DataBufferLimitException}.
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
    return DataBufferUtils.join(request.getBody(), maxBytes)
        .map(BodyReader::bytes)
        .defaultIfEmpty(new byte[0])
        .flatMap(
            bytes ->
                service.onWorker(
                    AccessFilter.caller(exchange),
                    bytes.length,
                    () -> reader.apply(json.object(bytes))));
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

  private static byte[] bytes(DataBuffer buffer) {
    byte[] bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    return bytes;
  }
}
