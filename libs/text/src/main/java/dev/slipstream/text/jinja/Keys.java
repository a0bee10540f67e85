package dev.slipstream.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Keys of dicts as objects of Java that are equal if and only if the values are. */
final class Keys {

  /** A tuple written out; comparable, so that a map stays fast when hashes collide. */
  private record TupleKey(String encoded) implements Comparable<TupleKey> {
    @Override
    public int compareTo(TupleKey other) {
      return encoded.compareTo(other.encoded);
    }
  }

  /** All undefined values are equal. */
  private static final Object UNDEFINED = new Object();

  private Keys() {}

  static boolean isHashable(Value value) {
    return !(value instanceof Value.ListValue || value instanceof Dict);
  }

  /**
   * @throws JinjaException if the value cannot be a key
   */
  static Object of(Budget budget, Value value) {
    return switch (value) {
      case Value.Str s -> {
        budget.scan(s.text().length());
        yield s.text();
      }
      case Value.Int i -> i.value();
      case Value.Bool b -> BigInteger.valueOf(b.ordinal());
      case Value.Real r -> number(r.value());
      case Value.None none -> none;
      case Value.Tuple tuple -> {
        StringBuilder out = new StringBuilder();
        encode(budget, tuple, out);
        budget.text(out.length());
        yield new TupleKey(out.toString());
      }
      case Value.Range range -> range;
      case Value.Undefined undefined -> UNDEFINED;
      case Value.ListValue list -> throw unhashable(value);
      case Dict dict -> throw unhashable(value);
      case Value.View view -> throw unhashable(value);
      case Value.Namespace n -> new Identity(n);
      case Value.Function f -> new Identity(f);
      case Generator g -> g;
      case Macro m -> m;
      case Loop l -> l;
      case Cycler c -> c;
      case Joiner j -> j;
    };
  }

  private record Identity(Object object) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Identity(Object same) && same == object;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(object);
    }
  }

  private static JinjaException unhashable(Value value) {
    return JinjaException.failure("unhashable type: '" + Types.name(value) + "'");
  }

  /** A whole number is the integer that it equals. */
  private static Object number(double value) {
    boolean whole = !Double.isInfinite(value) && value == Math.rint(value);
    return whole ? new BigDecimal(value).toBigInteger() : (Object) value;
  }

  private static void encode(Budget budget, Value.Tuple tuple, StringBuilder out) {
    budget.enter();
    out.append('(');
    for (Value item : tuple.items()) {
      if (item instanceof Value.Tuple inner) {
        encode(budget, inner, out);
      } else {
        Object key = of(budget, item);
        budget.slots(4);
        String text = key instanceof Identity(Object o) ? "" + o.hashCode() : key.toString();
        budget.text(text.length());
        out.append(key.getClass().getSimpleName()).append(text.length()).append(':').append(text);
      }
    }
    out.append(')');
    budget.leave();
  }
}
