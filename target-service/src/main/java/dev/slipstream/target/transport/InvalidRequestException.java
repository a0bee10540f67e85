package dev.slipstream.target.transport;

import io.grpc.Status;

/** A request that cannot be served; the message names the field. */
final class InvalidRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Status status;

  private InvalidRequestException(Status status, String message) {
    super(message);
    this.status = status;
  }

  static InvalidRequestException invalid(String message, Object... args) {
    return new InvalidRequestException(Status.INVALID_ARGUMENT, message.formatted(args));
  }

  static InvalidRequestException precondition(String message, Object... args) {
    return new InvalidRequestException(Status.FAILED_PRECONDITION, message.formatted(args));
  }

  Status status() {
    return status.withDescription(getMessage());
  }
}
