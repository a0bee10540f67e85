package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.Targets;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/** What a target's failure means for the client. */
final class UpstreamErrors {
  private static final Metadata.Key<String> RETRY_AFTER_MS =
      Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER);
  private static final Duration DEFAULT_RETRY_AFTER = Duration.ofSeconds(1);

  /** In milliseconds. Whoever is told to wait for less than nothing would ask without end. */
  private static final long SOONEST = 10;

  private static final long LATEST = Duration.ofHours(1).toMillis();

  private UpstreamErrors() {}

  static ApiError of(StatusRuntimeException failure) {
    Status status = failure.getStatus();
    String message =
        status.getDescription() == null ? status.getCode().toString() : status.getDescription();
    return switch (status.getCode()) {
      case INVALID_ARGUMENT -> new ApiError.Invalid(message, null, null);
      case OUT_OF_RANGE -> new ApiError.ContextExceeded(message, null);
      case RESOURCE_EXHAUSTED -> new ApiError.Busy(message, retryAfter(failure));
      case UNAVAILABLE, FAILED_PRECONDITION, CANCELLED, ABORTED ->
          new ApiError.Unavailable("The target cannot be reached: " + message);
      case DEADLINE_EXCEEDED ->
          new ApiError.TimedOut("The answer was not finished in time: " + message);
      case OK,
          UNKNOWN,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          UNIMPLEMENTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          new ApiError.Internal("The target failed: " + message);
    };
  }

  static ApiError noTarget(Targets targets) {
    String problems = targets.problems();
    return new ApiError.Unavailable(
        "No target can be reached" + (problems.isEmpty() ? "." : " (" + problems + ")."));
  }

  private static Duration retryAfter(StatusRuntimeException failure) {
    Metadata trailers = failure.getTrailers();
    String value = trailers == null ? null : trailers.get(RETRY_AFTER_MS);
    try {
      return value == null
          ? DEFAULT_RETRY_AFTER
          : Duration.ofMillis(Math.clamp(Long.parseLong(value.strip()), SOONEST, LATEST));
    } catch (NumberFormatException e) {
      return DEFAULT_RETRY_AFTER;
    }
  }
}
