package dev.slipstream.models.catalog;

/**
 * A model cannot be had; the message names the model, everything that was tried, and why it failed.
 */
public final class ModelUnavailableException extends RuntimeException {

  public ModelUnavailableException(String message) {
    super(message);
  }

  public ModelUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
