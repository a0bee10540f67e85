package dev.slipstream.text.jinja;

/** A template cannot be parsed or rendered. The message says what is wrong, without the line. */
public final class JinjaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Kind {
    /** It is no template, or needs something that is not supported. */
    SYNTAX,
    /** What it does with the variables makes no sense, such as adding a number to a string. */
    FAILURE,
    /** It refuses the variables by {@code raise_exception}; the message is its own. */
    REFUSAL,
    /** It wants more time or memory than a template is granted. */
    LIMIT
  }

  private final Kind kind;
  private final int line;

  JinjaException(Kind kind, String message, int line) {
    super(message);
    this.kind = kind;
    this.line = line;
  }

  static JinjaException syntax(int line, String message) {
    return new JinjaException(Kind.SYNTAX, message, line);
  }

  static JinjaException failure(String message) {
    return new JinjaException(Kind.FAILURE, message, 0);
  }

  static JinjaException limit(String message) {
    return new JinjaException(Kind.LIMIT, message, 0);
  }

  public Kind kind() {
    return kind;
  }

  /** Line of the template, from 1. */
  public int line() {
    return line;
  }

  JinjaException at(int line) {
    if (this.line > 0) {
      return this;
    }
    JinjaException placed = new JinjaException(kind, String.valueOf(getMessage()), line);
    placed.setStackTrace(getStackTrace());
    return placed;
  }
}
