package dev.slipstream.text.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** Values as text: Python's str() and repr(). */
final class Repr {

  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private Repr(Budget budget) {
    this.budget = budget;
  }

  /** What str() gives. */
  static String text(Budget budget, Value value) {
    return switch (value) {
      case Value.Str s -> s.text();
      case Value.Undefined undefined -> "";
      default -> of(budget, value);
    };
  }

  /** What repr() gives. */
  static String of(Budget budget, Value value) {
    Repr repr = new Repr(budget);
    repr.write(value);
    return repr.out.toString();
  }

  private void append(String text) {
    budget.text(text.length());
    out.append(text);
  }

  private void write(Value value) {
    budget.step();
    switch (value) {
      case Value.Str s -> append(s.markup() ? "Markup(" + quoted(s) + ")" : quoted(s));
      case Value.Int i -> {
        budget.integer(i.value().bitLength());
        append(i.value().toString());
      }
      case Value.Real r -> append(real(r.value()));
      case Value.Bool b -> append(b == Value.Bool.TRUE ? "True" : "False");
      case Value.None none -> append("None");
      case Value.ListValue list -> writeAll("[", list.items(), "]");
      case Value.Tuple tuple ->
          writeAll("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
      case Dict dict -> writeDict(dict);
      case Value.Range range -> append(range(range));
      case Value.View view -> writeAll(Types.name(view) + "([", Source.list(budget, view), "])");
      case Value.Undefined undefined -> append("Undefined");
      case Value.Namespace namespace -> {
        append("<Namespace ");
        writeDict(namespace.attributes());
        append(">");
      }
      case Macro macro -> append(macro.described());
      case Value.Function function -> append("<function " + function.name() + ">");
      case Generator generator -> append("<generator object>");
      case Loop loop -> append("<LoopContext>");
      case Cycler cycler -> append("<Cycler object>");
      case Joiner joiner -> append("<Joiner object>");
    }
  }

  private String quoted(Value.Str text) {
    budget.text(text.text().length());
    return quote(text.text());
  }

  private static String range(Value.Range range) {
    String step = range.step() == 1 ? "" : ", " + range.step();
    return "range(" + range.start() + ", " + range.stop() + step + ")";
  }

  private void writeAll(String open, List<Value> items, String close) {
    budget.enter();
    append(open);
    for (Iterator<Value> i = items.iterator(); i.hasNext(); ) {
      write(i.next());
      append(i.hasNext() ? ", " : "");
    }
    append(close);
    budget.leave();
  }

  private void writeDict(Dict dict) {
    budget.enter();
    String separator = "{";
    for (Dict.Entry entry : dict.entries()) {
      append(separator);
      write(entry.key());
      append(": ");
      write(entry.value());
      separator = ", ";
    }
    append(dict.size() == 0 ? "{}" : "}");
    budget.leave();
  }

  /** A float as Python prints it: as few digits as tell it from others. */
  static String real(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal digits = shortest(value);
    int exponent = digits.precision() - digits.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = digits.toPlainString();
      return digits.scale() > 0 ? plain : plain + ".0";
    }
    String all = digits.unscaledValue().abs().toString();
    return (value < 0 ? "-" : "")
        + all.charAt(0)
        + (all.length() > 1 ? "." + all.substring(1) : "")
        + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  /** Java always gives two digits, also where one would do. */
  private static BigDecimal shortest(double value) {
    BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    BigDecimal one = digits.round(new MathContext(1));
    return digits.precision() == 2 && one.doubleValue() == value ? one : digits;
  }

  /** A string in quotes, with escapes for what cannot be printed. */
  static String quote(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
    text.codePoints().forEach(c -> escape(c, quote, out));
    return out.append(quote).toString();
  }

  private static void escape(int c, char quote, StringBuilder out) {
    switch (c) {
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      case '\\' -> out.append("\\\\");
      default -> {
        if (c == quote) {
          out.append('\\').append(quote);
        } else if (Characters.isPrintable(c)) {
          out.appendCodePoint(c);
        } else {
          out.append((c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
        }
      }
    }
  }
}
