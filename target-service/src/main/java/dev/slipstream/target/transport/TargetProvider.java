package dev.slipstream.target.transport;

/** Gives access to the model once it has been loaded. */
public interface TargetProvider {
  /**
   * @throws NotReadyException if the model is not there (yet)
   */
  ServedTarget served();

  /** The message says what the client should know. */
  final class NotReadyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotReadyException(String message) {
      super(message);
    }
  }
}
