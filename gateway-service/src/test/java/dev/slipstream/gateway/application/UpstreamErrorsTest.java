package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whoever breaks this tells clients to mend a request that is fine, or to repeat one that is not.
 */
class UpstreamErrorsTest {

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, Invalid",
    "OUT_OF_RANGE, ContextExceeded",
    "RESOURCE_EXHAUSTED, Busy",
    "UNAVAILABLE, Unavailable",
    "FAILED_PRECONDITION, Unavailable",
    "CANCELLED, Unavailable",
    "DEADLINE_EXCEEDED, TimedOut",
    "INTERNAL, Internal",
    "UNKNOWN, Internal"
  })
  void aStatusBecomesAnErrorThatKeepsItsWords(Status.Code code, String error) {
    ApiError mapped =
        UpstreamErrors.of(code.toStatus().withDescription("the words").asRuntimeException());
    assertThat(mapped.getClass().getSimpleName()).isEqualTo(error);
    assertThat(mapped.message()).contains("the words");
  }

  @Test
  void theTargetSaysWhenToComeBack() {
    assertThat(retryAfter("2500")).isEqualTo(Duration.ofMillis(2500));
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", ""})
  void nonsenseMeansASecond(String value) {
    assertThat(retryAfter(value)).isEqualTo(Duration.ofSeconds(1));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 10",
    "-1, 10",
    "-9223372036854775808, 10",
    "9223372036854775807, 3600000",
    "3600001, 3600000"
  })
  void noTargetHasItsClientsAskWithoutEndOrNeverAgain(String value, long millis) {
    assertThat(retryAfter(value)).isEqualTo(Duration.ofMillis(millis));
  }

  private static Duration retryAfter(String value) {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER), value);
    ApiError error = UpstreamErrors.of(Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));
    return ((ApiError.Busy) error).retryAfter();
  }
}
