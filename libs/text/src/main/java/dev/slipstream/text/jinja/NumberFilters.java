package dev.slipstream.text.jinja;

import static dev.slipstream.text.jinja.Filter.flag;

import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.Real;
import dev.slipstream.text.jinja.Value.Str;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Filters of numbers. */
final class NumberFilters {

  static final Map<String, Filter> FILTERS =
      Map.of(
          "abs",
          Filter.of(Signature.of("abs"), (r, s, a) -> absolute(s)),
          "int",
          Filter.of(
              Signature.of("int", "default?", "base?"), (r, s, a) -> integer(r.budget(), s, a)),
          "float",
          Filter.of(Signature.of("float", "default?"), (r, s, a) -> real(r.budget(), s, a[0])),
          "round",
          Filter.of(Signature.of("round", "precision?", "method?"), (r, s, a) -> round(r, s, a)),
          "filesizeformat",
          Filter.of(
              Signature.of("filesizeformat", "binary?"),
              (r, s, a) -> Str.of(fileSize(r.budget(), s, flag(a[0])))));

  private static final Set<String> METHODS = Set.of("common", "ceil", "floor");

  /** Beyond so many digits no float has any. */
  private static final int MAX_DIGITS = 400;

  private NumberFilters() {}

  private static Value absolute(Value value) {
    BigInteger integer = Types.integer(value);
    if (integer != null) {
      return Int.of(integer.abs());
    }
    if (value instanceof Real real) {
      return new Real(Math.abs(real.value()));
    }
    throw JinjaException.failure("bad operand type for abs(): '" + Types.name(value) + "'");
  }

  private static Value integer(Budget budget, Value value, Value[] a) {
    int base = a[1] == null ? 10 : Types.count(a[1]);
    Value absent = a[0] == null ? Int.of(0) : a[0];
    return switch (value) {
      case Int i -> i;
      case Value.Bool b -> Int.of(b.integer());
      case Real(double real) -> {
        if (Double.isInfinite(real)) {
          throw JinjaException.failure("cannot convert float infinity to integer");
        }
        yield Double.isNaN(real) ? absent : truncated(real);
      }
      case Str s -> {
        BigInteger parsed = Numerals.integer(budget, s.text(), base);
        if (parsed != null) {
          yield Int.of(parsed);
        }
        Double real = Numerals.real(budget, s.text());
        yield real != null && Double.isFinite(real) ? truncated(real) : absent;
      }
      case Value.Undefined undefined -> throw undefined.failure(budget);
      default -> absent;
    };
  }

  private static Value truncated(double value) {
    return Int.of(new BigDecimal(value).toBigInteger());
  }

  private static Value real(Budget budget, Value value, @Nullable Value given) {
    Value absent = given == null ? new Real(0) : given;
    return switch (value) {
      case Real r -> r;
      case Int i -> new Real(Arithmetic.toDouble(i));
      case Value.Bool b -> new Real(b.ordinal());
      case Str s -> {
        Double parsed = Numerals.real(budget, s.text());
        yield parsed == null ? absent : new Real(parsed);
      }
      case Value.Undefined undefined -> throw undefined.failure(budget);
      default -> absent;
    };
  }

  private static Value round(Rendering rendering, Value value, Value[] a) {
    String method = a[1] instanceof Str s ? s.text() : a[1] == null ? "common" : "";
    if (!METHODS.contains(method)) {
      throw JinjaException.failure("method must be common, ceil or floor");
    }
    Value precision = a[0] == null ? Int.of(0) : a[0];
    if (method.equals("common")) {
      return round(rendering.budget(), value, Types.count(precision));
    }
    Value scale = Arithmetic.apply(rendering, BinaryOperator.POWER, Int.of(10), precision);
    Value scaled = Arithmetic.apply(rendering, BinaryOperator.MULTIPLY, value, scale);
    Value whole = scaled;
    if (scaled instanceof Real(double real)) {
      if (Double.isNaN(real) || Double.isInfinite(real)) {
        throw JinjaException.failure("cannot convert float to integer");
      }
      whole = truncated(method.equals("ceil") ? Math.ceil(real) : Math.floor(real));
    }
    return Arithmetic.apply(rendering, BinaryOperator.DIVIDE, whole, scale);
  }

  private static Value round(Budget budget, Value value, int precision) {
    BigInteger integer = Types.integer(value);
    if (integer != null) {
      if (precision >= 0) {
        return Int.of(integer);
      }
      budget.integer(integer.bitLength());
      if (-(long) precision > integer.bitLength()) {
        return Int.of(0);
      }
      BigDecimal rounded = new BigDecimal(integer).setScale(precision, RoundingMode.HALF_EVEN);
      return Int.of(rounded.toBigInteger());
    }
    if (!(value instanceof Real(double real))) {
      throw JinjaException.failure(
          "type " + Types.name(value) + " doesn't define __round__ method");
    }
    if (Double.isNaN(real) || Double.isInfinite(real) || precision > MAX_DIGITS) {
      return value;
    }
    budget.steps(20);
    int digits = Math.max(precision, -MAX_DIGITS);
    double rounded = new BigDecimal(real).setScale(digits, RoundingMode.HALF_EVEN).doubleValue();
    return new Real(Math.copySign(rounded, real));
  }

  private static String fileSize(Budget budget, Value value, boolean binary) {
    Value number = real(budget, value, Value.None.NONE);
    if (!(number instanceof Real(double bytes)) || Double.isNaN(bytes)) {
      throw JinjaException.failure("could not convert to float: " + Repr.of(budget, value));
    }
    double base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return (long) bytes + " Bytes";
    }
    List<String> prefixes = List.of("k", "M", "G", "T", "P", "E", "Z", "Y");
    double unit = base * base;
    int i = 0;
    while (i < prefixes.size() - 1 && bytes >= unit) {
      unit *= base;
      i++;
    }
    String prefix = binary ? prefixes.get(i).toUpperCase(Locale.ROOT) + "i" : prefixes.get(i);
    return Decimals.digits(budget, base * bytes / unit, 'f', 1, false) + " " + prefix + "B";
  }
}
