package dev.slipstream.text.jinja;

import java.math.BigInteger;

/**
 * A number in a template's code, which may have underscores between its digits.
 *
 * @param digits without underscores
 * @param end the offset after it
 */
record NumberLiteral(String digits, boolean isFloat, int end) {

  /**
   * @param start where a digit is
   */
  static NumberLiteral at(String source, int start) {
    int whole = digits(source, start, 10);
    int end = start > 0 && source.charAt(start - 1) == '.' ? whole : fraction(source, whole);
    boolean isFloat = end > whole;
    if (!isFloat) {
      end = integer(source, start, whole);
    }
    return new NumberLiteral(source.substring(start, end).replace("_", ""), isFloat, end);
  }

  /** The end of a fraction, an exponent or both; the start if there is none. */
  private static int fraction(String source, int start) {
    int end = start;
    if (charAt(source, start) == '.' && isDigit(source, start + 1, 10)) {
      end = digits(source, start + 1, 10);
    }
    if ((charAt(source, end) | 0x20) == 'e') {
      int exponent =
          end + (charAt(source, end + 1) == '+' || charAt(source, end + 1) == '-' ? 2 : 1);
      end = isDigit(source, exponent, 10) ? digits(source, exponent, 10) : end;
    }
    return end;
  }

  private static int integer(String source, int start, int decimalEnd) {
    if (source.charAt(start) != '0') {
      return decimalEnd;
    }
    int radix = radix(charAt(source, start + 1));
    int first = start + (charAt(source, start + 2) == '_' ? 3 : 2);
    if (radix != 10 && isDigit(source, first, radix)) {
      return digits(source, first, radix);
    }
    int end = start + 1;
    while (charAt(source, end) == '0'
        || charAt(source, end) == '_' && charAt(source, end + 1) == '0') {
      end++;
    }
    return end;
  }

  private static int radix(char mark) {
    return switch (mark | 0x20) {
      case 'b' -> 2;
      case 'o' -> 8;
      case 'x' -> 16;
      default -> 10;
    };
  }

  /** The end of digits with single underscores between them. */
  private static int digits(String source, int start, int radix) {
    int end = start;
    while (isDigit(source, end, radix)
        || end > start && charAt(source, end) == '_' && isDigit(source, end + 1, radix)) {
      end++;
    }
    return end;
  }

  private static boolean isDigit(String source, int at, int radix) {
    char c = charAt(source, at);
    return c < 0x80 && Character.digit(c, radix) >= 0;
  }

  private static char charAt(String source, int at) {
    return at < source.length() ? source.charAt(at) : 0;
  }

  /**
   * The value of the digits of a token.
   *
   * @throws JinjaException if they are too many
   */
  static Value value(Token token) {
    String digits = token.text();
    if (token.is(Token.Kind.FLOAT)) {
      return new Value.Real(Double.parseDouble(digits));
    }
    if (digits.length() > 4300) {
      throw JinjaException.syntax(token.line(), "an integer of more than 4300 digits");
    }
    int radix = digits.length() < 2 ? 10 : radix(digits.charAt(1));
    return Value.Int.of(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
  }
}
