package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.Real;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operators with numbers, strings and lists. */
final class Arithmetic {

  private static final MathContext PRECISE = new MathContext(60);

  private Arithmetic() {}

  static Value apply(Rendering rendering, BinaryOperator operator, Value left, Value right) {
    Budget budget = rendering.budget();
    budget.step();
    if (operator == BinaryOperator.MODULO && left instanceof Value.Str format) {
      return PrintfFormat.apply(budget, format, right);
    }
    if (Types.isNumber(left) && Types.isNumber(right)) {
      BigInteger a = Types.integer(left);
      BigInteger b = Types.integer(right);
      return a != null && b != null
          ? integers(budget, operator, a, b)
          : reals(operator, toDouble(left), toDouble(right));
    }
    if (left instanceof Value.Undefined undefined) {
      throw undefined.failure(budget);
    }
    if (right instanceof Value.Undefined undefined) {
      throw undefined.failure(budget);
    }
    Value result =
        switch (operator) {
          case ADD -> join(budget, left, right);
          case MULTIPLY -> repeat(budget, left, right);
          case SUBTRACT, DIVIDE, FLOOR_DIVIDE, MODULO, POWER -> null;
        };
    if (result == null) {
      throw unsupported(operator, left, right);
    }
    return result;
  }

  private static JinjaException unsupported(BinaryOperator operator, Value left, Value right) {
    if (operator == BinaryOperator.ADD
        && (left instanceof Value.Str || left instanceof Value.Sequence)) {
      return JinjaException.failure(
          "can only concatenate %s (not \"%s\") to %1$s"
              .formatted(Types.name(left), Types.name(right)));
    }
    return JinjaException.failure(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(operator.sign(), Types.name(left), Types.name(right)));
  }

  private static @Nullable Value join(Budget budget, Value left, Value right) {
    if (left instanceof Value.Str a && right instanceof Value.Str b) {
      boolean markup = a.markup() || b.markup();
      String first = markup ? Markup.escaped(budget, a) : a.text();
      String second = markup ? Markup.escaped(budget, b) : b.text();
      budget.text((long) first.length() + second.length());
      return new Value.Str(first.concat(second), markup);
    }
    if (left instanceof Value.ListValue a && right instanceof Value.ListValue b) {
      return new Value.ListValue(join(budget, a.items(), b.items()));
    }
    if (left instanceof Value.Tuple a && right instanceof Value.Tuple b) {
      return new Value.Tuple(join(budget, a.items(), b.items()), false);
    }
    return null;
  }

  private static List<Value> join(Budget budget, List<Value> a, List<Value> b) {
    budget.slots((long) a.size() + b.size());
    List<Value> all = new ArrayList<>(a.size() + b.size());
    all.addAll(a);
    all.addAll(b);
    return all;
  }

  private static @Nullable Value repeat(Budget budget, Value left, Value right) {
    if (Types.integer(left) != null) {
      return repeat(budget, right, left);
    }
    if (Types.integer(right) == null) {
      return null;
    }
    int count = Math.max(0, Types.count(right));
    return switch (left) {
      case Value.Str text -> text.like(Text.repeat(budget, text.text(), count));
      case Value.ListValue list -> new Value.ListValue(repeat(budget, list.items(), count));
      case Value.Tuple tuple -> new Value.Tuple(repeat(budget, tuple.items(), count), false);
      default -> null;
    };
  }

  private static List<Value> repeat(Budget budget, List<Value> items, int count) {
    budget.slots((long) items.size() * count);
    List<Value> all = new ArrayList<>(items.size() * count);
    for (int i = 0; i < count && !items.isEmpty(); i++) {
      all.addAll(items);
    }
    return all;
  }

  /**
   * @throws JinjaException if it is no number
   */
  static Value sign(Budget budget, boolean minus, Value operand) {
    budget.step();
    BigInteger integer = Types.integer(operand);
    if (integer != null) {
      return Int.of(minus ? integer.negate() : integer);
    }
    return switch (operand) {
      case Real real -> new Real(minus ? -real.value() : real.value());
      case Value.Undefined undefined -> throw undefined.failure(budget);
      default ->
          throw JinjaException.failure(
              "bad operand type for unary %s: '%s'"
                  .formatted(minus ? "-" : "+", Types.name(operand)));
    };
  }

  static double toDouble(Value number) {
    return switch (number) {
      case Real(double value) -> value;
      case Int integer -> toDouble(integer.value());
      case Value.Bool bool -> bool.ordinal();
      default -> throw new IllegalArgumentException(Types.name(number) + " is no number");
    };
  }

  private static double toDouble(BigInteger integer) {
    double value = integer.doubleValue();
    if (Double.isInfinite(value)) {
      throw JinjaException.failure("int too large to convert to float");
    }
    return value;
  }

  private static Value integers(
      Budget budget, BinaryOperator operator, BigInteger a, BigInteger b) {
    int bits = Math.max(a.bitLength(), b.bitLength());
    switch (operator) {
      case ADD, SUBTRACT -> budget.integer(bits + 1L);
      case MULTIPLY -> budget.integer((long) a.bitLength() + b.bitLength());
      case POWER -> budget.integer(powerBits(a, b));
      case DIVIDE, FLOOR_DIVIDE, MODULO -> budget.integer(bits);
    }
    return switch (operator) {
      case ADD -> Int.of(a.add(b));
      case SUBTRACT -> Int.of(a.subtract(b));
      case MULTIPLY -> Int.of(a.multiply(b));
      case DIVIDE -> divide(a, nonZero(b, "division by zero"));
      case FLOOR_DIVIDE -> Int.of(floor(a, nonZero(b, "integer division or modulo by zero")));
      case MODULO -> {
        nonZero(b, "integer division or modulo by zero");
        yield Int.of(a.subtract(floor(a, b).multiply(b)));
      }
      case POWER ->
          b.signum() < 0 ? power(a.doubleValue(), b.doubleValue()) : Int.of(a.pow(exponent(b)));
    };
  }

  private static long powerBits(BigInteger a, BigInteger b) {
    if (b.signum() <= 0 || a.abs().bitLength() <= 1) {
      return 1;
    }
    return b.bitLength() > 31 ? Long.MAX_VALUE : a.bitLength() * b.longValue();
  }

  /** Of powers of 0, 1 and -1 only the lowest bit matters. */
  private static int exponent(BigInteger b) {
    return b.bitLength() <= 31 ? b.intValueExact() : 2 + (b.testBit(0) ? 1 : 0);
  }

  private static BigInteger nonZero(BigInteger value, String message) {
    if (value.signum() == 0) {
      throw JinjaException.failure(message);
    }
    return value;
  }

  private static BigInteger floor(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
    return below ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private static Value divide(BigInteger a, BigInteger b) {
    double quotient =
        a.bitLength() <= 53 && b.bitLength() <= 53
            ? a.doubleValue() / b.doubleValue()
            : new BigDecimal(a).divide(new BigDecimal(b), PRECISE).doubleValue();
    if (Double.isInfinite(quotient)) {
      throw JinjaException.failure("integer division result too large for a float");
    }
    return new Real(quotient);
  }

  private static Value reals(BinaryOperator operator, double a, double b) {
    if (b == 0
        && (operator == BinaryOperator.DIVIDE
            || operator == BinaryOperator.FLOOR_DIVIDE
            || operator == BinaryOperator.MODULO)) {
      throw JinjaException.failure("float division by zero");
    }
    return switch (operator) {
      case ADD -> new Real(a + b);
      case SUBTRACT -> new Real(a - b);
      case MULTIPLY -> new Real(a * b);
      case DIVIDE -> new Real(a / b);
      case FLOOR_DIVIDE -> new Real(floor(a, b));
      case MODULO -> new Real(modulo(a, b));
      case POWER -> power(a, b);
    };
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0, b);
    }
    return rest < 0 != b < 0 ? rest + b : rest;
  }

  private static double floor(double a, double b) {
    double quotient = (a - modulo(a, b)) / b;
    if (quotient == 0) {
      return Math.copySign(0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static Value power(double a, double b) {
    if (a == 0 && b < 0) {
      throw JinjaException.failure("0.0 cannot be raised to a negative power");
    }
    if (a < 0 && !Double.isInfinite(a) && !Double.isInfinite(b) && b != Math.rint(b)) {
      throw JinjaException.failure("complex numbers are not supported");
    }
    double power = a == 1 || b == 0 ? 1 : a == -1 && Double.isInfinite(b) ? 1 : Math.pow(a, b);
    if (Double.isInfinite(power) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
      throw JinjaException.failure("(34, 'Numerical result out of range')");
    }
    return new Real(power);
  }
}
