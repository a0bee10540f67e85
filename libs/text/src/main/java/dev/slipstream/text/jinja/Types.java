package dev.slipstream.text.jinja;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** What kind of value a value is, and its truth and length. */
final class Types {
  private Types() {}

  /** The name of its class in Python. */
  static String name(Value value) {
    return switch (value) {
      case Value.Str s -> s.markup() ? "Markup" : "str";
      case Value.Int i -> "int";
      case Value.Real r -> "float";
      case Value.Bool b -> "bool";
      case Value.None n -> "NoneType";
      case Value.ListValue l -> "list";
      case Value.Tuple t -> "tuple";
      case Value.Range r -> "range";
      case Value.View view ->
          switch (view.part()) {
            case KEYS -> "dict_keys";
            case VALUES -> "dict_values";
            case ITEMS -> "dict_items";
          };
      case Value.Undefined u -> "Undefined";
      case Value.Namespace n -> "Namespace";
      case Value.Function f -> "function";
      case Dict d -> "dict";
      case Generator g -> "generator";
      case Macro m -> "Macro";
      case Loop l -> "LoopContext";
      case Cycler c -> "Cycler";
      case Joiner j -> "Joiner";
    };
  }

  /** As messages about missing elements call it. */
  static String described(Value value) {
    return switch (value) {
      case Value.None none -> "None";
      case Loop l -> "jinja2.runtime.LoopContext object";
      case Macro m -> "jinja2.runtime.Macro object";
      case Value.Str s when s.markup() -> "markupsafe.Markup object";
      default -> name(value) + " object";
    };
  }

  static boolean truth(Value value) {
    return switch (value) {
      case Value.Str s -> !s.text().isEmpty();
      case Value.Int i -> i.value().signum() != 0;
      case Value.Real r -> r.value() != 0;
      case Value.Bool b -> b == Value.Bool.TRUE;
      case Value.None n -> false;
      case Value.Sequence s -> !s.items().isEmpty();
      case Value.Range r -> r.length() > 0;
      case Value.View v -> v.dict().size() > 0;
      case Value.Undefined u -> false;
      case Dict d -> d.size() > 0;
      case Value.Namespace n -> true;
      case Value.Function f -> true;
      case Generator g -> true;
      case Macro m -> true;
      case Loop l -> true;
      case Cycler c -> true;
      case Joiner j -> true;
    };
  }

  /**
   * @throws JinjaException if it has none
   */
  static long length(Budget budget, Value value) {
    return switch (value) {
      case Value.Str s -> Text.length(budget, s.text());
      case Value.Sequence s -> s.items().size();
      case Value.Range r -> r.length();
      case Value.View v -> v.dict().size();
      case Value.Undefined u -> 0;
      case Dict d -> d.size();
      case Loop l -> l.length();
      default -> throw JinjaException.failure("object of type '" + name(value) + "' has no len()");
    };
  }

  static boolean hasLength(Value value) {
    return value instanceof Value.Str
        || value instanceof Value.Sequence
        || value instanceof Value.Range
        || value instanceof Value.View
        || value instanceof Value.Undefined
        || value instanceof Dict
        || value instanceof Loop;
  }

  /** The integer that an int or a bool is, or null. */
  static @Nullable BigInteger integer(Value value) {
    return switch (value) {
      case Value.Int i -> i.value();
      case Value.Bool b -> b.integer();
      default -> null;
    };
  }

  /**
   * A count, width or the like, cut to what an int of Java can hold.
   *
   * @throws JinjaException if it is no integer
   */
  static int count(Value value) {
    BigInteger integer = integer(value);
    if (integer == null) {
      throw JinjaException.failure(
          "'" + name(value) + "' object cannot be interpreted as an integer");
    }
    return integer.bitLength() > 31
        ? (integer.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE)
        : integer.intValue();
  }

  /**
   * The text of a string.
   *
   * @param use what it is for, for the message
   * @throws JinjaException if it is none
   */
  static String string(Value value, String use) {
    if (value instanceof Value.Str s) {
      return s.text();
    }
    throw JinjaException.failure(use + " must be str, not " + name(value));
  }

  static boolean isNumber(Value value) {
    return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
  }

  static boolean isCallable(Value value) {
    return value instanceof Value.Function
        || value instanceof Macro
        || value instanceof Loop
        || value instanceof Joiner
        || value instanceof Value.Undefined;
  }
}
