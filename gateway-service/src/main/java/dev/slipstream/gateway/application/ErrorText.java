package dev.slipstream.gateway.application;

/**
 * Keeps error messages that quote a request short: a name of a megabyte is no help to anybody, and
 * more than a gRPC status may carry.
 */
public final class ErrorText {
  private static final int LONGEST_QUOTE = 100;

  private ErrorText() {}

  /** A value from a request, for quoting. */
  public static String shortened(String value) {
    return shortened(value, LONGEST_QUOTE);
  }

  static String shortened(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest;
    return text.substring(0, end) + "...";
  }
}
