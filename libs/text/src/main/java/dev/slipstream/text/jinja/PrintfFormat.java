package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Str;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The operator % of strings, and the filter "format". */
final class PrintfFormat {

  /** Flags, width, precision and type; a name in parentheses is taken before. */
  private static final Pattern CONVERSION =
      Pattern.compile(
          "([-#0+ ]*+)(\\*|[0-9]{1,9})?(?:\\.(\\*|[0-9]{0,9}))?[hlL]?(.)", Pattern.DOTALL);

  private final Budget budget;
  private final boolean markup;
  private final List<Value> values;

  /** What names are looked up in, or null. */
  private final @Nullable Value mapping;

  private final StringBuilder out = new StringBuilder();
  private int next;

  private PrintfFormat(Budget budget, boolean markup, Value argument) {
    this.budget = budget;
    this.markup = markup;
    boolean many = argument instanceof Value.Tuple;
    this.values = argument instanceof Value.Tuple tuple ? tuple.items() : List.of(argument);
    boolean hasItems =
        argument instanceof Dict
            || argument instanceof Value.ListValue
            || argument instanceof Value.Range
            || argument instanceof Value.Undefined;
    this.mapping = !many && hasItems ? argument : null;
  }

  static Value apply(Budget budget, Str format, Value argument) {
    PrintfFormat printf = new PrintfFormat(budget, format.markup(), argument);
    printf.run(format.text());
    return format.like(printf.out.toString());
  }

  private void run(String format) {
    int at = 0;
    for (int percent; (percent = format.indexOf('%', at)) >= 0; ) {
      append(format.substring(at, percent));
      at = conversion(format, percent + 1);
    }
    append(format.substring(at));
    if (next < values.size() && mapping == null) {
      throw JinjaException.failure("not all arguments converted during string formatting");
    }
  }

  private void append(String text) {
    budget.text(text.length());
    out.append(text);
  }

  /** Gives where the format goes on. */
  private int conversion(String format, int start) {
    int at = start;
    if (format.startsWith("%", at)) {
      append("%");
      return at + 1;
    }
    Value named = null;
    if (format.startsWith("(", at)) {
      int end = closing(format, at);
      named = named(format.substring(at + 1, end));
      at = end + 1;
    }
    Matcher m = CONVERSION.matcher(format).region(at, format.length());
    if (!m.lookingAt()) {
      throw JinjaException.failure("incomplete format");
    }
    String flags = m.group(1);
    int width = amount(m.group(2), 0);
    boolean left = flags.contains("-") || width < 0;
    int precision = m.group(3) == null ? -1 : Math.max(0, amount(m.group(3), 0));
    char type = m.group(4).charAt(0);
    Value value = named == null ? next() : named;
    append(converted(value, type, flags, Math.abs(width), left, precision));
    return m.end();
  }

  private static int closing(String format, int open) {
    int depth = 0;
    for (int i = open; i < format.length(); i++) {
      depth += format.charAt(i) == '(' ? 1 : format.charAt(i) == ')' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw JinjaException.failure("incomplete format key");
  }

  private Value named(String name) {
    if (!(mapping instanceof Dict dict)) {
      throw JinjaException.failure("format requires a mapping");
    }
    Value value = dict.get(name);
    if (value == null) {
      throw JinjaException.failure(Repr.quote(name));
    }
    return value;
  }

  private Value next() {
    if (next >= values.size()) {
      throw JinjaException.failure("not enough arguments for format string");
    }
    return values.get(next++);
  }

  private int amount(@Nullable String text, int absent) {
    if (text == null || text.isEmpty()) {
      return absent;
    }
    if (!text.equals("*")) {
      return Integer.parseInt(text);
    }
    Value value = next();
    if (Types.integer(value) == null) {
      throw JinjaException.failure("* wants int");
    }
    return Math.max(Types.count(value), -Integer.MAX_VALUE);
  }

  private String converted(
      Value value, char type, String flags, int width, boolean left, int precision) {
    budget.step();
    String text;
    switch (type) {
      case 's' ->
          text = cut(markup ? Markup.escaped(budget, value) : Repr.text(budget, value), precision);
      case 'r' -> text = cut(escaped(Repr.of(budget, value)), precision);
      case 'a' -> text = cut(escaped(ascii(budget, value)), precision);
      case 'c' -> text = character(value);
      default -> {
        return number(value, type, flags, width, left, precision);
      }
    }
    return StringMethods.align(budget, text, width, left ? '<' : '>', " ");
  }

  private String escaped(String text) {
    return markup ? Markup.escape(budget, text) : text;
  }

  private String cut(String text, int precision) {
    return precision >= 0 && precision < Text.length(budget, text)
        ? Text.slice(budget, text, new Slice(0, 1, precision))
        : text;
  }

  /** What repr() gives, with escapes for all but ASCII. */
  static String ascii(Budget budget, Value value) {
    StringBuilder out = new StringBuilder();
    String text = Repr.of(budget, value);
    budget.characters(text.length());
    text.codePoints()
        .forEach(
            c ->
                out.append(
                    c < 0x80
                        ? Character.toString(c)
                        : (c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x")
                            .formatted(c)));
    budget.text(out.length());
    return out.toString();
  }

  private static String character(Value value) {
    BigInteger code = Types.integer(value);
    if (code != null) {
      return FormatSpec.character(code);
    }
    if (value instanceof Str s && s.text().codePointCount(0, s.text().length()) == 1) {
      return s.text();
    }
    throw JinjaException.failure("%c requires int or char");
  }

  private String number(
      Value value, char type, String flags, int width, boolean left, int precision) {
    if (!Types.isNumber(value)) {
      throw JinjaException.failure(
          "%%%s format: a real number is required, not %s".formatted(type, Types.name(value)));
    }
    boolean alternate = flags.contains("#");
    boolean negative;
    String digits;
    if ("eEfFgG".indexOf(type) >= 0) {
      double real = Arithmetic.toDouble(value);
      negative = real < 0 || real == 0 && 1 / real < 0;
      digits = Decimals.digits(budget, real, type, precision < 0 ? 6 : precision, alternate);
    } else {
      BigInteger integer = whole(value, type);
      negative = integer.signum() < 0;
      digits = digits(integer.abs(), type, precision);
    }
    String prefix = alternate ? prefix(type) : "";
    String sign = negative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
    int missing = width - sign.length() - prefix.length() - digits.length();
    if (flags.contains("0") && !left) {
      return sign + prefix + Text.repeat(budget, "0", missing) + digits;
    }
    return StringMethods.align(budget, sign + prefix + digits, width, left ? '<' : '>', " ");
  }

  private static String prefix(char type) {
    return switch (type) {
      case 'o' -> "0o";
      case 'x' -> "0x";
      case 'X' -> "0X";
      default -> "";
    };
  }

  private static BigInteger whole(Value value, char type) {
    BigInteger integer = Types.integer(value);
    if (integer != null) {
      return integer;
    }
    double real = ((Value.Real) value).value();
    if ("diu".indexOf(type) < 0) {
      throw JinjaException.failure("%" + type + " format: an integer is required, not float");
    }
    if (Double.isNaN(real) || Double.isInfinite(real)) {
      throw JinjaException.failure("cannot convert float to integer");
    }
    return new BigDecimal(real).toBigInteger();
  }

  private String digits(BigInteger value, char type, int precision) {
    budget.integer(value.bitLength());
    String digits =
        switch (type) {
          case 'd', 'i', 'u' -> value.toString();
          case 'o' -> value.toString(8);
          case 'x' -> value.toString(16);
          case 'X' -> value.toString(16).toUpperCase(Locale.ROOT);
          default -> throw JinjaException.failure("unsupported format character '" + type + "'");
        };
    return Text.repeat(budget, "0", (long) precision - digits.length()) + digits;
  }
}
