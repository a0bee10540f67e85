package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What failures look like in gRPC. */
final class GrpcErrors {
  private static final Logger log = LoggerFactory.getLogger(GrpcErrors.class);
  private static final Metadata.Key<String> RETRY_AFTER_MS =
      Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER);

  private GrpcErrors() {}

  static StatusRuntimeException of(Throwable failure) {
    if (failure instanceof ApiException e) {
      return of(e.error());
    }
    log.error("request failed", failure);
    return Status.INTERNAL
        .withDescription("The server failed to process the request.")
        .asRuntimeException();
  }

  private static StatusRuntimeException of(ApiError error) {
    return switch (error) {
      case ApiError.Invalid(String message, String param, String code) -> {
        boolean named = param == null || message.contains("'" + param + "'");
        yield status(Status.INVALID_ARGUMENT, named ? message : param + ": " + message);
      }
      case ApiError.ContextExceeded(String message, String param) ->
          status(Status.INVALID_ARGUMENT, message);
      case ApiError.UnknownModel(String message) -> status(Status.NOT_FOUND, message);
      case ApiError.Busy(String message, Duration retryAfter) ->
          later(Status.RESOURCE_EXHAUSTED, message, retryAfter);
      case ApiError.Overloaded(String message, Duration retryAfter) ->
          later(Status.UNAVAILABLE, message, retryAfter);
      case ApiError.Unauthenticated(String message) -> status(Status.UNAUTHENTICATED, message);
      case ApiError.Unavailable(String message) -> status(Status.UNAVAILABLE, message);
      case ApiError.TimedOut(String message) -> status(Status.DEADLINE_EXCEEDED, message);
      case ApiError.Internal(String message) -> status(Status.INTERNAL, message);
      case ApiError.Exhausted(String message) -> status(Status.RESOURCE_EXHAUSTED, message);
      case ApiError.Quarantined(String message) -> status(Status.INTERNAL, message);
    };
  }

  private static StatusRuntimeException later(Status status, String message, Duration retryAfter) {
    Metadata trailers = new Metadata();
    trailers.put(RETRY_AFTER_MS, Long.toString(retryAfter.toMillis()));
    return status.withDescription(message).asRuntimeException(trailers);
  }

  private static StatusRuntimeException status(Status status, String message) {
    return status.withDescription(message).asRuntimeException();
  }
}
