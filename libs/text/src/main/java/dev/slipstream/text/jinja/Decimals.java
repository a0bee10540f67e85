package dev.slipstream.text.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Floats with a given number of digits, rounded exactly as C's printf does. */
final class Decimals {

  /** A double has at most so many digits before its point. */
  private static final int DIGITS_BEFORE_POINT = 310;

  private Decimals() {}

  /**
   * The digits of a float without its sign.
   *
   * @param type e, E, f, F, g or G
   * @param alternate whether a point and zeros at the end stay
   */
  static String digits(Budget budget, double value, char type, int precision, boolean alternate) {
    boolean upper = Character.isUpperCase(type);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      String name = Double.isNaN(value) ? "nan" : "inf";
      return upper ? name.toUpperCase(Locale.ROOT) : name;
    }
    budget.text((long) precision + DIGITS_BEFORE_POINT);
    budget.steps(50);
    BigDecimal exact = new BigDecimal(Math.abs(value));
    String text =
        switch (Character.toLowerCase(type)) {
          case 'e' -> scientific(exact, precision, alternate);
          case 'f' -> fixed(exact, precision, alternate);
          default -> general(exact, precision, alternate, false);
        };
    return upper ? text.toUpperCase(Locale.ROOT) : text;
  }

  /** Like type g, but with a digit after the point, as format() does without a type. */
  static String shortest(Budget budget, double value, int precision, boolean alternate) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Double.isNaN(value) ? "nan" : "inf";
    }
    budget.text((long) precision + DIGITS_BEFORE_POINT);
    return general(new BigDecimal(Math.abs(value)), precision, alternate, true);
  }

  private static String fixed(BigDecimal value, int precision, boolean alternate) {
    String text = value.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return alternate && precision == 0 ? text + "." : text;
  }

  private static BigDecimal rounded(BigDecimal value, int digits) {
    return value.round(new MathContext(digits, RoundingMode.HALF_EVEN));
  }

  private static int exponent(BigDecimal value) {
    return value.signum() == 0 ? 0 : value.precision() - value.scale() - 1;
  }

  private static String scientific(BigDecimal value, int precision, boolean alternate) {
    BigDecimal rounded = rounded(value, precision + 1);
    StringBuilder digits = new StringBuilder(rounded.unscaledValue().toString());
    while (digits.length() < precision + 1) {
      digits.append('0');
    }
    digits.setLength(precision + 1);
    if (precision > 0 || alternate) {
      digits.insert(1, '.');
    }
    int exponent = exponent(rounded);
    return digits
        + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static String general(
      BigDecimal value, int precision, boolean alternate, boolean withPoint) {
    int significant = Math.max(precision, 1);
    int exponent = exponent(rounded(value, significant));
    boolean plain = exponent >= -4 && exponent < significant - (withPoint ? 1 : 0);
    String text =
        plain
            ? fixed(value, Math.max(0, significant - 1 - exponent), alternate)
            : scientific(value, significant - 1, alternate);
    if (!alternate) {
      text = withoutZeros(text);
    }
    return withPoint && plain && text.indexOf('.') < 0 ? text + ".0" : text;
  }

  /** Without zeros at the end of a fraction. */
  private static String withoutZeros(String text) {
    int end = text.indexOf('e') < 0 ? text.length() : text.indexOf('e');
    if (text.indexOf('.') < 0) {
      return text;
    }
    int last = end;
    while (text.charAt(last - 1) == '0') {
      last--;
    }
    last -= text.charAt(last - 1) == '.' ? 1 : 0;
    return text.substring(0, last) + text.substring(end);
  }
}
