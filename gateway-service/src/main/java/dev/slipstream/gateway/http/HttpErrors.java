package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.ResponseStatusException;

/** What failures look like in HTTP. */
final class HttpErrors {
  private static final String INVALID = "invalid_request_error";
  private static final String SERVER = "server_error";
  private static final String UNKNOWN_PATH =
      "Unknown path. There are /v1/chat/completions, /v1/completions, /v1/models, /tokenize,"
          + " /detokenize, /health and /metrics.";

  /** OpenAI's error body. */
  record ErrorBody(Detail error) {
    record Detail(String message, String type, @Nullable String param, @Nullable String code) {}
  }

  /**
   * @param retryAfter null if it is not worth trying again
   */
  record Failure(HttpStatusCode status, ErrorBody body, @Nullable Duration retryAfter) {}

  private HttpErrors() {}

  static Failure of(Throwable failure) {
    return switch (failure) {
      case ApiException e -> of(e.error());
      case ResponseStatusException e -> ofStatus(e);
      case DataBufferLimitException e ->
          failure(
              HttpStatus.CONTENT_TOO_LARGE,
              "The request body is too large.",
              INVALID,
              null,
              "request_too_large");
      default ->
          failure(
              HttpStatus.INTERNAL_SERVER_ERROR,
              "The server failed to process the request.",
              SERVER,
              null,
              "internal_error");
    };
  }

  private static Failure of(ApiError error) {
    return switch (error) {
      case ApiError.Invalid(String message, String param, String code) ->
          failure(HttpStatus.BAD_REQUEST, message, INVALID, param, code);
      case ApiError.ContextExceeded(String message, String param) ->
          failure(HttpStatus.BAD_REQUEST, message, INVALID, param, "context_length_exceeded");
      case ApiError.UnknownModel(String message) ->
          failure(HttpStatus.NOT_FOUND, message, INVALID, "model", "model_not_found");
      case ApiError.Busy(String message, Duration retryAfter) ->
          new Failure(
              HttpStatus.TOO_MANY_REQUESTS,
              body(message, "rate_limit_error", null, "rate_limit_exceeded"),
              retryAfter);
      case ApiError.Overloaded(String message, Duration retryAfter) ->
          new Failure(
              HttpStatus.SERVICE_UNAVAILABLE,
              body(message, SERVER, null, "overloaded"),
              retryAfter);
      case ApiError.Unauthenticated(String message) ->
          failure(HttpStatus.UNAUTHORIZED, message, INVALID, null, "invalid_api_key");
      case ApiError.Unavailable(String message) ->
          failure(HttpStatus.SERVICE_UNAVAILABLE, message, SERVER, null, "service_unavailable");
      case ApiError.TimedOut(String message) ->
          failure(HttpStatus.GATEWAY_TIMEOUT, message, SERVER, null, "timeout");
      case ApiError.Internal(String message) ->
          failure(HttpStatus.INTERNAL_SERVER_ERROR, message, SERVER, null, "internal_error");
      case ApiError.Exhausted(String message) ->
          failure(HttpStatus.SERVICE_UNAVAILABLE, message, SERVER, null, "out_of_memory");
      case ApiError.Quarantined(String message) ->
          failure(HttpStatus.INTERNAL_SERVER_ERROR, message, SERVER, null, "request_quarantined");
    };
  }

  private static Failure ofStatus(ResponseStatusException e) {
    HttpStatusCode status = e.getStatusCode();
    return switch (status.value()) {
      case 404 -> failure(status, UNKNOWN_PATH, INVALID, null, "unknown_url");
      case 408 -> failure(status, reason(e), INVALID, null, "request_timeout");
      case 405 -> failure(status, wrongMethod(e), INVALID, null, "method_not_supported");
      case 415 -> failure(status, reason(e), INVALID, null, "unsupported_media_type");
      case 421 -> failure(status, reason(e), INVALID, null, "host_not_allowed");
      default ->
          failure(status, reason(e), status.is4xxClientError() ? INVALID : SERVER, null, null);
    };
  }

  private static String reason(ResponseStatusException e) {
    return e.getReason() == null ? "The request cannot be served." : e.getReason();
  }

  private static String wrongMethod(ResponseStatusException e) {
    return e instanceof MethodNotAllowedException wrong
        ? "The method %s is not allowed here. Allowed: %s."
            .formatted(wrong.getHttpMethod(), wrong.getSupportedMethods())
        : "The method is not allowed here.";
  }

  /** A request that is wrong before it comes to anything that could throw an exception. */
  static Failure malformed(String message) {
    return failure(HttpStatus.BAD_REQUEST, message, INVALID, null, "malformed_request");
  }

  /** For answers from beneath this application, which say nothing but their status. */
  static Failure bare(HttpStatusCode status) {
    return switch (status.value()) {
      case 400 -> malformed("The request is not valid HTTP.");
      case 404 -> failure(status, UNKNOWN_PATH, INVALID, null, "unknown_url");
      case 414, 431 ->
          failure(
              status,
              "The request line and header are too large.",
              INVALID,
              null,
              "request_header_too_large");
      case 505 ->
          failure(
              status,
              "HTTP/1.0 and HTTP/1.1 are spoken here.",
              INVALID,
              null,
              "version_not_supported");
      default ->
          failure(
              status,
              status.is5xxServerError()
                  ? "The server failed to process the request."
                  : "The request is not allowed.",
              status.is5xxServerError() ? SERVER : INVALID,
              null,
              null);
    };
  }

  private static Failure failure(
      HttpStatusCode status,
      String message,
      String type,
      @Nullable String param,
      @Nullable String code) {
    return new Failure(status, body(message, type, param, code), null);
  }

  private static ErrorBody body(
      String message, String type, @Nullable String param, @Nullable String code) {
    return new ErrorBody(new ErrorBody.Detail(message, type, param, code));
  }
}
