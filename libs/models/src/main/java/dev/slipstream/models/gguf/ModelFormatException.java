package dev.slipstream.models.gguf;

/**
 * A model file, or something described in it, is damaged or not supported. The message names the
 * file, what is wrong and where.
 */
public final class ModelFormatException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public ModelFormatException(String message) {
    super(message);
  }

  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
