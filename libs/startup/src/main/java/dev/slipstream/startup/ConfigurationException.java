package dev.slipstream.startup;

/**
 * What a user has got wrong in the configuration, or cannot have on this machine. The message is
 * one line that names the variable, key or file, and the reason, but nothing that is secret.
 */
public final class ConfigurationException extends RuntimeException {
  public ConfigurationException(String message) {
    super(message);
  }

  ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
