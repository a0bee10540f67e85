package dev.slipstream.text.template;

/**
 * A conversation could not be rendered: the template refuses it, in its own words, or has an error,
 * or goes beyond the limits. The message says what and in which line of the template.
 */
public final class ChatTemplateException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public ChatTemplateException(String message) {
    super(message);
  }

  public ChatTemplateException(String message, Throwable cause) {
    super(message, cause);
  }
}
