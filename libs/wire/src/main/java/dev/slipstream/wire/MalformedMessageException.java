package dev.slipstream.wire;

/** A field of a message has a value that cannot be; the message names it. */
public final class MalformedMessageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MalformedMessageException(String field, String problem) {
    super(field + " " + problem);
  }

  MalformedMessageException(String field, IllegalArgumentException problem) {
    super(field + ": " + problem.getMessage());
  }

  /**
   * @param field name of the field
   * @param problem what is wrong with it, as a format of {@code args}
   */
  public static void check(boolean holds, String field, String problem, Object... args) {
    if (!holds) {
      throw new MalformedMessageException(field, problem.formatted(args));
    }
  }
}
