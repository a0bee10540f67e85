package dev.slipstream.gateway.application;

import org.jspecify.annotations.Nullable;

/** Carries an {@link ApiError}; has no stack trace, as the error says all. */
public final class ApiException extends RuntimeException {
  private final transient ApiError error;

  public ApiException(ApiError error) {
    super(error.message(), null, false, false);
    this.error = error;
  }

  /**
   * A request that cannot be.
   *
   * @param param the field, or null
   */
  public static ApiException invalid(@Nullable String param, String message) {
    return invalid(param, message, null);
  }

  public static ApiException invalid(
      @Nullable String param, String message, @Nullable String code) {
    return new ApiException(new ApiError.Invalid(message, param, code));
  }

  public ApiError error() {
    return error;
  }
}
