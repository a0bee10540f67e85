package dev.slipstream.text.jinja;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Strings that Python's int() and float() understand. */
final class Numerals {

  private static final int MAX_DIGITS = 4300;

  private static final Pattern REAL =
      Pattern.compile("[+-]?(?:[0-9]++\\.?[0-9]*+|\\.[0-9]++)(?:[eE][+-]?[0-9]++)?");

  private Numerals() {}

  /** The value, or null if it is none. */
  static @Nullable BigInteger integer(Budget budget, String text, int base) {
    String stripped = decimals(Text.strip(budget, text, null, true, true));
    boolean negative = stripped.startsWith("-");
    String digits = negative || stripped.startsWith("+") ? stripped.substring(1) : stripped;
    int radix = base;
    int marked = markedRadix(digits);
    if (base == 0 || base == marked) {
      if (marked != 0) {
        digits = digits.substring(2);
        digits = digits.startsWith("_") ? digits.substring(1) : digits;
      } else if (digits.length() > 1 && digits.startsWith("0") && !digits.matches("[0_]+")) {
        return null;
      }
      radix = marked == 0 ? 10 : marked;
    }
    if (radix < 2 || radix > 36) {
      throw JinjaException.failure("int() base must be >= 2 and <= 36, or 0");
    }
    digits = withoutUnderscores(digits, radix);
    if (digits == null || digits.length() > MAX_DIGITS) {
      return null;
    }
    budget.steps((long) digits.length() * digits.length() / 2048);
    BigInteger value = new BigInteger(digits, radix);
    return negative ? value.negate() : value;
  }

  private static int markedRadix(String digits) {
    String mark = digits.length() < 2 ? "" : digits.substring(0, 2).toLowerCase(Locale.ROOT);
    return switch (mark) {
      case "0b" -> 2;
      case "0o" -> 8;
      case "0x" -> 16;
      default -> 0;
    };
  }

  /** Decimal digits of other scripts count. */
  private static String decimals(String text) {
    if (text.chars().allMatch(c -> c < 0x80)) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> out.appendCodePoint(Characters.isDecimal(c) ? '0' + Character.digit(c, 10) : c));
    return out.toString();
  }

  /** Null if they are not between digits, or if there is another character. */
  private static @Nullable String withoutUnderscores(String text, int radix) {
    StringBuilder out = new StringBuilder();
    boolean afterDigit = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean digit = c < 0x80 && Character.digit(c, radix) >= 0;
      if (!digit && !(c == '_' && afterDigit)) {
        return null;
      }
      if (digit) {
        out.append(c);
      }
      afterDigit = digit;
    }
    return afterDigit ? out.toString() : null;
  }

  /** The value, or null if it is none. */
  static @Nullable Double real(Budget budget, String text) {
    String stripped = decimals(Text.strip(budget, text, null, true, true));
    budget.scan(8L * stripped.length());
    String plain = plain(stripped);
    if (plain == null) {
      return null;
    }
    String unsigned = plain.replaceFirst("^[+-]", "").toLowerCase(Locale.ROOT);
    double sign = plain.startsWith("-") ? -1 : 1;
    return switch (unsigned) {
      case "nan" -> Double.NaN;
      case "inf", "infinity" -> sign * Double.POSITIVE_INFINITY;
      default -> REAL.matcher(plain).matches() ? (Double) Double.parseDouble(plain) : null;
    };
  }

  /** Without underscores; null if one is not between digits. */
  private static @Nullable String plain(String text) {
    for (int i = 0; i < text.length(); i++) {
      boolean between =
          i > 0
              && i + 1 < text.length()
              && Character.isDigit(text.charAt(i - 1))
              && Character.isDigit(text.charAt(i + 1));
      if (text.charAt(i) == '_' && !between) {
        return null;
      }
    }
    return text.replace("_", "");
  }
}
