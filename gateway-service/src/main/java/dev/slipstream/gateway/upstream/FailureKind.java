package dev.slipstream.gateway.upstream;

import io.grpc.Status;

/** What the end of a target's stream says about the request and about the target. */
public enum FailureKind {
  /** No target would do better. */
  REQUEST,

  /** The target is fine, but has no room. */
  BUSY,

  /** The target is not there, or is leaving; it gets no more until it says again what it serves. */
  GONE,

  /** The target is there and fails. */
  FAULT,

  /** The answer's own time is up. */
  OVERDUE;

  public static FailureKind of(Status status) {
    return switch (status.getCode()) {
      case INVALID_ARGUMENT,
          OUT_OF_RANGE,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          UNAUTHENTICATED,
          UNIMPLEMENTED ->
          REQUEST;
      case RESOURCE_EXHAUSTED -> BUSY;
      // A server that is told to stop at once cancels its streams; this side's own cancellations
      // are not reported. A failed precondition is another tokenizer, so another model.
      case UNAVAILABLE, CANCELLED, ABORTED, FAILED_PRECONDITION -> GONE;
      case OK, UNKNOWN, INTERNAL, DATA_LOSS -> FAULT;
      case DEADLINE_EXCEEDED -> OVERDUE;
    };
  }
}
