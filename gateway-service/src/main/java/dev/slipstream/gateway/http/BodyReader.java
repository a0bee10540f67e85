package dev.slipstream.gateway.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.UnsupportedMediaTypeStatusException;
import reactor.core.publisher.Mono;

/** Reads JSON bodies up to a limit. */
final class BodyReader {
  private final int maxBytes;
  private final StrictJson json;

  BodyReader(int maxBytes) {
    this.maxBytes = maxBytes;
    this.json = new StrictJson(maxBytes);
  }

  /**
   * Fails with an {@link dev.slipstream.gateway.application.ApiException} if the body is not an
   * object, with {@link UnsupportedMediaTypeStatusException} if it does not claim to be JSON in
   * UTF-8, and with {@link org.springframework.core.io.buffer.DataBufferLimitException}.
   */
  Mono<Fields> object(ServerHttpRequest request) {
    MediaType type = contentType(request);
    boolean readable =
        type != null
            && type.isCompatibleWith(MediaType.APPLICATION_JSON)
            && (type.getCharset() == null || type.getCharset().equals(StandardCharsets.UTF_8));
    if (!readable) {
      return Mono.error(
          new UnsupportedMediaTypeStatusException(type, List.of(MediaType.APPLICATION_JSON)));
    }
    return DataBufferUtils.join(request.getBody(), maxBytes)
        .map(BodyReader::bytes)
        .defaultIfEmpty(new byte[0])
        .map(json::object);
  }

  private static MediaType contentType(ServerHttpRequest request) {
    try {
      return request.getHeaders().getContentType();
    } catch (InvalidMediaTypeException e) {
      return null;
    }
  }

  private static byte[] bytes(DataBuffer buffer) {
    byte[] bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    return bytes;
  }
}
