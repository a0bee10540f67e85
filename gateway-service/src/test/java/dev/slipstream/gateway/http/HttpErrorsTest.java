package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients choose by status, type and code whether to try again. */
class HttpErrorsTest {

  static Stream<Arguments> errors() {
    return Stream.of(
        Arguments.of(
            new ApiError.Invalid("m", "top_p", "invalid_value"),
            400,
            "invalid_request_error",
            "top_p",
            "invalid_value"),
        Arguments.of(
            new ApiError.ContextExceeded("m", "prompt"),
            400,
            "invalid_request_error",
            "prompt",
            "context_length_exceeded"),
        Arguments.of(
            new ApiError.UnknownModel("m"),
            404,
            "invalid_request_error",
            "model",
            "model_not_found"),
        Arguments.of(
            new ApiError.Busy("m", Duration.ofSeconds(3)),
            429,
            "rate_limit_error",
            null,
            "rate_limit_exceeded"),
        Arguments.of(
            new ApiError.Unavailable("m"), 503, "server_error", null, "service_unavailable"),
        Arguments.of(new ApiError.TimedOut("m"), 504, "server_error", null, "timeout"),
        Arguments.of(new ApiError.Internal("m"), 500, "server_error", null, "internal_error"));
  }

  @ParameterizedTest
  @MethodSource("errors")
  void everyErrorHasItsStatusTypeAndCode(
      ApiError error, int status, String type, String param, String code) {
    HttpErrors.Failure failure = HttpErrors.of(new ApiException(error));
    assertThat(failure.status().value()).isEqualTo(status);
    assertThat(failure.body().error())
        .isEqualTo(new HttpErrors.ErrorBody.Detail("m", type, param, code));
  }

  @Test
  void onlyABusyServerSaysWhenToComeBack() {
    var busy = new ApiException(new ApiError.Busy("m", Duration.ofSeconds(3)));
    assertThat(HttpErrors.of(busy).retryAfter()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void whatIsNotForeseenTellsNothingOfItself() {
    HttpErrors.Failure failure = HttpErrors.of(new IllegalStateException("secret"));
    assertThat(failure.status().value()).isEqualTo(500);
    assertThat(failure.body().error().message()).doesNotContain("secret");
  }
}
