package dev.slipstream.kv.application;

/** The caller sent something that cannot be right; the message says what. */
public final class InvalidBlockRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public InvalidBlockRequestException(String message) {
    super(message);
  }
}
