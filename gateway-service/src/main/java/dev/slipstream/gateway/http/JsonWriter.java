package dev.slipstream.gateway.http;

import java.nio.charset.StandardCharsets;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** Writes responses: JSON bodies and event streams. */
final class JsonWriter {
  private final JsonMapper mapper =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  Mono<Void> write(ServerHttpResponse response, HttpStatusCode status, Object body) {
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    byte[] bytes = bytes(body);
    response.getHeaders().setContentLength(bytes.length);
    return response.writeWith(Mono.fromSupplier(() -> response.bufferFactory().wrap(bytes)));
  }

  byte[] bytes(Object body) {
    return mapper.writeValueAsBytes(body);
  }

  /** One event. */
  String event(Object body) {
    return "data: " + mapper.writeValueAsString(body) + "\n\n";
  }

  /**
   * Streams events, each flushed by itself. If they fail before the first, nothing has been written
   * and the failure goes on to the caller.
   */
  Mono<Void> stream(ServerHttpResponse response, Flux<String> events) {
    response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
    response.getHeaders().setCacheControl("no-cache");
    // Asks nginx not to collect events.
    response.getHeaders().set("X-Accel-Buffering", "no");
    Flux<DataBuffer> buffers =
        events.map(event -> response.bufferFactory().wrap(event.getBytes(StandardCharsets.UTF_8)));
    return response.writeAndFlushWith(buffers.map(Mono::just));
  }
}
