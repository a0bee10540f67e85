package dev.slipstream.text.jinja;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What comes after the colon of a field of str.format().
 *
 * @param align {@code <}, {@code >}, {@code ^}, {@code =}, or 0 for what is usual for the value
 * @param sign +, - or a space
 * @param grouping a comma, an underscore, or 0
 * @param precision -1 if it is not given
 * @param type 0 if it is not given
 */
record FormatSpec(
    String fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    char grouping,
    int precision,
    char type) {

  private static final Pattern SYNTAX =
      Pattern.compile(
          "(?s)(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?([0-9]{1,9})?([,_])?(?:\\.([0-9]{1,9}))?([a-zA-Z%])?");

  /**
   * A value as text.
   *
   * @throws JinjaException if the value cannot be formatted so
   */
  static String apply(Budget budget, Value value, String spec) {
    if (spec.isEmpty()) {
      return Repr.text(budget, value);
    }
    return switch (value) {
      case Value.Str s -> parse(spec).string(budget, s.text());
      case Value.Int i -> parse(spec).integer(budget, i.value());
      case Value.Bool b -> parse(spec).integer(budget, b.integer());
      case Value.Real r -> parse(spec).real(budget, r.value());
      default ->
          throw JinjaException.failure(
              "unsupported format string passed to " + Types.name(value) + ".__format__");
    };
  }

  private static FormatSpec parse(String spec) {
    Matcher m = SYNTAX.matcher(spec);
    if (!m.matches()) {
      throw JinjaException.failure("Invalid format specifier '" + spec + "'");
    }
    boolean zero = m.group(5) != null;
    String fill = m.group(1) != null ? m.group(1) : zero ? "0" : " ";
    char align = m.group(2) != null ? m.group(2).charAt(0) : 0;
    return new FormatSpec(
        fill,
        align == 0 && zero ? '0' : align,
        m.group(3) == null ? '-' : m.group(3).charAt(0),
        m.group(4) != null,
        m.group(6) == null ? 0 : Integer.parseInt(m.group(6)),
        m.group(7) == null ? 0 : m.group(7).charAt(0),
        m.group(8) == null ? -1 : Integer.parseInt(m.group(8)),
        m.group(9) == null ? 0 : m.group(9).charAt(0));
  }

  private JinjaException wrong(String what, String type) {
    return JinjaException.failure(what + " not allowed in " + type + " format specifier");
  }

  private JinjaException unknown(String type) {
    return JinjaException.failure(
        "Unknown format code '" + this.type + "' for object of type '" + type + "'");
  }

  private String string(Budget budget, String text) {
    if (type != 0 && type != 's') {
      throw unknown("str");
    }
    if (sign != '-' || alternate || grouping != 0 || align == '=') {
      throw wrong("Sign, '#', ',', '_' or '='", "string");
    }
    String cut = text;
    if (precision >= 0 && precision < Text.length(budget, text)) {
      cut = Text.slice(budget, text, new Slice(0, 1, precision));
    }
    char side = align == 0 || align == '0' ? '<' : align;
    return StringMethods.align(budget, cut, width, side, fill);
  }

  private String integer(Budget budget, BigInteger value) {
    if (type != 0 && "eEfFgG%".indexOf(type) >= 0) {
      return real(budget, Arithmetic.toDouble(Value.Int.of(value)));
    }
    if (precision >= 0) {
      throw JinjaException.failure("Precision not allowed in integer format specifier");
    }
    if (type == 'c') {
      return StringMethods.align(budget, character(value), width, align == 0 ? '<' : align, fill);
    }
    int radix =
        switch (type) {
          case 0, 'd', 'n' -> 10;
          case 'b' -> 2;
          case 'o' -> 8;
          case 'x', 'X' -> 16;
          default -> throw unknown("int");
        };
    budget.integer(value.bitLength());
    String digits = value.abs().toString(radix);
    String prefix = alternate && radix != 10 ? "0" + Character.toLowerCase(type) : "";
    if (type == 'X') {
      digits = digits.toUpperCase(Locale.ROOT);
      prefix = prefix.toUpperCase(Locale.ROOT);
    }
    return padded(budget, signs(value.signum() < 0) + prefix, digits, "", radix == 10 ? 3 : 4);
  }

  static String character(BigInteger value) {
    if (value.bitLength() > 21 || !Character.isValidCodePoint(value.intValue())) {
      throw JinjaException.failure("%c arg not in range(0x110000)");
    }
    return Character.toString(value.intValue());
  }

  private String real(Budget budget, double value) {
    if (type != 0 && "eEfFgG%n".indexOf(type) < 0) {
      throw unknown("float");
    }
    boolean percent = type == '%';
    char kind = percent ? 'f' : type == 'n' ? 'g' : type;
    int digits = precision < 0 ? 6 : precision;
    double shown = percent ? value * 100 : value;
    String text;
    if (type != 0) {
      text = Decimals.digits(budget, shown, kind, digits, alternate);
    } else if (precision < 0) {
      text = Repr.real(Math.abs(value));
    } else {
      text = Decimals.shortest(budget, value, precision, alternate);
    }
    boolean negative = value < 0 || value == 0 && 1 / value < 0;
    int end = 0;
    while (end < text.length() && Character.isDigit(text.charAt(end))) {
      end++;
    }
    String rest = text.substring(end) + (percent ? "%" : "");
    return padded(budget, signs(negative), text.substring(0, end), rest, 3);
  }

  private String signs(boolean negative) {
    return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
  }

  /**
   * @param digits before the point
   * @param rest after them
   */
  private String padded(Budget budget, String before, String digits, String rest, int group) {
    budget.text(Math.max((long) width, digits.length() * 2L));
    boolean inside = align == '=' || align == '0';
    int room = inside && fill.equals("0") ? width - before.length() - rest.length() : 0;
    String whole = grouping == 0 ? zeros(digits, room) : grouped(digits, group, room);
    String text = whole + rest;
    if (inside) {
      int missing = width - before.length() - text.codePointCount(0, text.length());
      return before + Text.repeat(budget, fill, missing) + text;
    }
    return StringMethods.align(budget, before + text, width, align == 0 ? '>' : align, fill);
  }

  private static String zeros(String digits, int width) {
    return "0".repeat(Math.max(0, width - digits.length())) + digits;
  }

  /** With separators, and as many zeros before as fit. */
  private String grouped(String digits, int group, int width) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < digits.length() || out.length() < width; i++) {
      if (i > 0 && i % group == 0) {
        out.append(grouping);
      }
      out.append(i < digits.length() ? digits.charAt(digits.length() - 1 - i) : '0');
    }
    return out.reverse().toString();
  }
}
