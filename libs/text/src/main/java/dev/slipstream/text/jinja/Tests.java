package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Bool;
import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.Str;
import dev.slipstream.text.jinja.Value.Undefined;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The tests of jinja2 by their names. */
final class Tests {

  private static final BigInteger FIRST_SHARED = BigInteger.valueOf(-5);
  private static final BigInteger LAST_SHARED = BigInteger.valueOf(256);

  private static final Map<String, Test> TESTS = new HashMap<>();

  private Tests() {}

  static {
    plain("defined", v -> !(v instanceof Undefined));
    plain("undefined", v -> v instanceof Undefined);
    plain("none", v -> v == Value.None.NONE);
    plain("boolean", v -> v instanceof Bool);
    plain("false", v -> v == Bool.FALSE);
    plain("true", v -> v == Bool.TRUE);
    plain("integer", v -> v instanceof Int);
    plain("float", v -> v instanceof Value.Real);
    plain("number", Types::isNumber);
    plain("string", v -> v instanceof Str);
    plain("mapping", v -> v instanceof Dict);
    plain("iterable", Source::isIterable);
    plain("sequence", v -> Types.hasLength(v) && !(v instanceof Loop || v instanceof Value.View));
    plain("callable", Types::isCallable);
    plain("escaped", v -> v instanceof Str s && s.markup());
    add("lower", (r, v, a) -> StringClasses.isLower(Repr.text(r.budget(), v)));
    add("upper", (r, v, a) -> StringClasses.isUpper(Repr.text(r.budget(), v)));
    add("odd", (r, v, a) -> rest(r, v, Int.of(2), 1));
    add("even", (r, v, a) -> rest(r, v, Int.of(2), 0));
    add("divisibleby", (r, v, a) -> rest(r, v, a[0], 0), "num");
    add("sameas", (r, v, a) -> same(v, a[0]), "other");
    add("in", (r, v, a) -> Comparing.contains(r.budget(), a[0], v), "seq");
    add("filter", (r, v, a) -> isName(r, v) && Filters.find(((Str) v).text()) != null);
    add("test", (r, v, a) -> isName(r, v) && find(((Str) v).text()) != null);
    comparison(Comparison.EQUAL, "==", "eq", "equalto");
    comparison(Comparison.NOT_EQUAL, "!=", "ne");
    comparison(Comparison.GREATER, ">", "gt", "greaterthan");
    comparison(Comparison.GREATER_OR_EQUAL, ">=", "ge");
    comparison(Comparison.LESS, "<", "lt", "lessthan");
    comparison(Comparison.LESS_OR_EQUAL, "<=", "le");
  }

  private interface Body {
    boolean holds(Rendering rendering, Value subject, Value[] arguments);
  }

  private static void add(String name, Body body, String... parameters) {
    Signature signature = Signature.of(name, parameters);
    TESTS.put(
        name,
        (rendering, subject, arguments) ->
            body.holds(rendering, subject, signature.bind(arguments)));
  }

  private static void plain(String name, Predicate<Value> condition) {
    add(name, (rendering, subject, arguments) -> condition.test(subject));
  }

  private static void comparison(Comparison operator, String... names) {
    for (String name : names) {
      add(name, (r, v, a) -> Comparing.holds(r.budget(), operator, v, a[0]), "other");
    }
  }

  private static boolean rest(Rendering rendering, Value value, Value divisor, int rest) {
    Value found = Arithmetic.apply(rendering, BinaryOperator.MODULO, value, divisor);
    return Comparing.equal(rendering.budget(), found, Int.of(rest));
  }

  /** Whether it is one object; Python has one each of small integers. */
  private static boolean same(Value a, Value b) {
    return a == b
        || a instanceof Int x
            && x.equals(b)
            && x.value().compareTo(FIRST_SHARED) >= 0
            && x.value().compareTo(LAST_SHARED) <= 0;
  }

  private static boolean isName(Rendering rendering, Value value) {
    Keys.of(rendering.budget(), value);
    return value instanceof Str;
  }

  /** A test, or null. */
  static @Nullable Test find(String name) {
    return TESTS.get(name);
  }

  static String missing(String name) {
    return "No test named '" + name + "'.";
  }
}
