package dev.slipstream.gateway.application;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Remembers for a while what targets do not survive, so that it does not come to the next one. A
 * request is known by its tenant, its model, its tokens and its parameters. Thread-safe.
 */
final class Quarantine {
  private static final int MOST = 1024;

  private final Duration time;
  private final LongSupplier nanos;
  private final GatewayMetrics metrics;

  /** From what a request is known by to when it was put here; oldest first. */
  private final Map<ByteBuffer, Long> contents =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Long> eldest) {
          return size() > MOST;
        }
      };

  /**
   * @param time how long a request stays
   * @param nanos as {@link System#nanoTime}
   */
  Quarantine(Duration time, LongSupplier nanos, GatewayMetrics metrics) {
    this.time = time;
    this.nanos = nanos;
    this.metrics = metrics;
  }

  /** Puts a request here that has failed where others do not. */
  ApiError add(PreparedRequest request, ApiError last) {
    ByteBuffer key = key(request);
    synchronized (this) {
      contents.remove(key);
      contents.put(key, nanos.getAsLong());
    }
    metrics.quarantined("first");
    return new ApiError.Quarantined(
        "Two targets in a row failed over this request, so that no other one gets it. It is refused for %s. The last said: %s"
            .formatted(seconds(time), last.message()));
  }

  /** Why a request is refused, if it is. */
  Optional<ApiError> refusal(PreparedRequest request) {
    if (isEmpty()) {
      return Optional.empty();
    }
    Duration left = left(key(request));
    if (!left.isPositive()) {
      return Optional.empty();
    }
    metrics.quarantined("again");
    return Optional.of(
        new ApiError.Quarantined(
            "Two targets in a row failed over this request a while ago. It is refused for another %s."
                .formatted(seconds(left))));
  }

  private synchronized boolean isEmpty() {
    contents.values().removeIf(since -> !left(since).isPositive());
    return contents.isEmpty();
  }

  private synchronized Duration left(ByteBuffer key) {
    Long since = contents.get(key);
    return since == null ? Duration.ZERO : left(since);
  }

  private Duration left(long since) {
    return time.minusNanos(nanos.getAsLong() - since);
  }

  private static String seconds(Duration duration) {
    return Math.max(1, duration.toSeconds()) + " s";
  }

  private static ByteBuffer key(PreparedRequest request) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(digest, request.caller().tenant());
      add(digest, request.model().card().getModelDigest());
      ByteBuffer tokens = ByteBuffer.allocate(Integer.BYTES * request.prompt().length);
      tokens.asIntBuffer().put(request.prompt());
      digest.update(tokens.array());
      digest.update(parameters(request));
      return ByteBuffer.wrap(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
    digest.update(bytes);
  }

  /** Equal maps may be written in any order, unless one asks. */
  private static byte[] parameters(PreparedRequest request) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      request.request().toBuilder().clearPrompt().build().writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
