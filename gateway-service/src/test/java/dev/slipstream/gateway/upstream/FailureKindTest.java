package dev.slipstream.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever breaks this sends bad requests from target to target, or gives good ones up. */
class FailureKindTest {

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, REQUEST",
    "OUT_OF_RANGE, REQUEST",
    "NOT_FOUND, REQUEST",
    "UNAUTHENTICATED, REQUEST",
    "PERMISSION_DENIED, REQUEST",
    "UNIMPLEMENTED, REQUEST",
    "RESOURCE_EXHAUSTED, BUSY",
    "UNAVAILABLE, GONE",
    "CANCELLED, GONE",
    "FAILED_PRECONDITION, GONE",
    "INTERNAL, FAULT",
    "UNKNOWN, FAULT",
    "DATA_LOSS, FAULT",
    "DEADLINE_EXCEEDED, OVERDUE"
  })
  void aStatusSaysWhoIsToBlame(Status.Code code, FailureKind kind) {
    assertThat(FailureKind.of(code.toStatus())).isEqualTo(kind);
  }
}
