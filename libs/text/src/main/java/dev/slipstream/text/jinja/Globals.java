package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Function;
import dev.slipstream.text.jinja.Value.Namespace;
import dev.slipstream.text.jinja.Value.Str;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template has. */
final class Globals {

  /** What the sandbox of jinja2 allows. */
  private static final int MAX_RANGE = 100_000;

  private static final Signature RAISE = Signature.of("raise_exception", "message");
  private static final Signature NOW = Signature.of("strftime_now", "format");
  private static final Signature JOINER = Signature.of("joiner", "sep?");
  private static final Signature FROM_KEYS = Signature.positional("fromkeys", "iterable", "value?");

  static final Function DICT =
      new Function("dict", (rendering, arguments) -> dict(rendering.budget(), arguments));

  private static final Map<String, Function> FUNCTIONS =
      Map.of(
          "dict",
          DICT,
          "range",
          new Function("range", (rendering, arguments) -> range(arguments)),
          "namespace",
          new Function(
              "namespace", (rendering, arguments) -> namespace(rendering.budget(), arguments)),
          "cycler",
          new Function("cycler", (rendering, arguments) -> cycler(arguments)),
          "joiner",
          new Function("joiner", (rendering, arguments) -> joiner(arguments)),
          "raise_exception",
          new Function("raise_exception", Globals::raise),
          "strftime_now",
          new Function(
              "strftime_now",
              (rendering, arguments) -> {
                String format = Types.string(NOW.bind(arguments)[0], "strftime() argument 1");
                return Str.of(DateFormat.format(rendering.budget(), rendering.now(), format));
              }));

  private Globals() {}

  /** A function, or null. */
  static @Nullable Function find(String name) {
    return FUNCTIONS.get(name);
  }

  private static Value raise(Rendering rendering, Arguments arguments) {
    String message = Repr.text(rendering.budget(), RAISE.bind(arguments)[0]);
    throw new JinjaException(JinjaException.Kind.REFUSAL, message, 0);
  }

  private static Dict dict(Budget budget, Arguments arguments) {
    if (arguments.positional().size() > 1) {
      throw JinjaException.failure(
          "dict expected at most 1 argument, got " + arguments.positional().size());
    }
    Dict dict = new Dict();
    if (!arguments.positional().isEmpty()) {
      putAll(budget, dict, arguments.positional().getFirst());
    }
    arguments.named().forEach((name, value) -> dict.put(budget, Str.of(name), value));
    return dict;
  }

  private static void putAll(Budget budget, Dict dict, Value given) {
    if (given instanceof Dict other) {
      dict.putAll(budget, other);
      return;
    }
    Source pairs = Source.of(budget, given);
    int count = 0;
    for (Value pair; (pair = pairs.next()) != null; count++) {
      List<Value> items = Source.list(budget, pair);
      if (items.size() != 2) {
        throw JinjaException.failure(
            "dictionary update sequence element #%d has length %d; 2 is required"
                .formatted(count, items.size()));
      }
      dict.put(budget, items.get(0), items.get(1));
    }
  }

  /** A function of dict, or null. */
  static @Nullable Function ofDict(String name) {
    return name.equals("fromkeys") ? new Function(name, Globals::fromKeys) : null;
  }

  private static Value fromKeys(Rendering rendering, Arguments arguments) {
    Value[] bound = FROM_KEYS.bind(arguments);
    Dict dict = new Dict();
    Source keys = Source.of(rendering.budget(), bound[0]);
    for (Value key; (key = keys.next()) != null; ) {
      dict.put(rendering.budget(), key, bound[1] == null ? Value.None.NONE : bound[1]);
    }
    return dict;
  }

  private static Value namespace(Budget budget, Arguments arguments) {
    Dict attributes = dict(budget, arguments);
    attributes.entries().forEach(entry -> checkAttribute(entry.key()));
    return new Namespace(attributes);
  }

  static void setAttribute(Budget budget, Namespace namespace, String name, Value value) {
    checkAttribute(Str.of(name));
    namespace.attributes().put(budget, Str.of(name), value);
  }

  private static void checkAttribute(Value name) {
    if (name instanceof Str s && s.text().startsWith("_")) {
      throw JinjaException.failure(
          "Chat templates cannot store underscore-prefixed attributes on a namespace, but got "
              + Repr.quote(s.text())
              + ". Please rename the attribute.");
    }
  }

  private static Value range(Arguments arguments) {
    List<Value> given = arguments.positional();
    if (given.isEmpty() || given.size() > 3 || !arguments.named().isEmpty()) {
      throw JinjaException.failure("range expects 1 to 3 arguments, all by position");
    }
    long start = given.size() == 1 ? 0 : bound(given.get(0));
    long stop = bound(given.get(given.size() == 1 ? 0 : 1));
    long step = given.size() == 3 ? bound(given.get(2)) : 1;
    if (step == 0) {
      throw JinjaException.failure("range() arg 3 must not be zero");
    }
    Value.Range range = new Value.Range(start, stop, step);
    if (range.length() > MAX_RANGE) {
      throw JinjaException.failure(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d)."
              .formatted(MAX_RANGE));
    }
    return range;
  }

  /** Beyond 60 bits no range of a sensible length starts or ends. */
  private static long bound(Value value) {
    BigInteger integer = Types.integer(value);
    if (integer == null) {
      throw JinjaException.failure(
          "'" + Types.name(value) + "' object cannot be interpreted as an integer");
    }
    return bound(integer);
  }

  /**
   * @throws JinjaException if it is of more than 60 bits
   */
  static long bound(BigInteger integer) {
    if (integer.bitLength() > 60) {
      throw JinjaException.failure("range(): integers of more than 60 bits are not supported");
    }
    return integer.longValue();
  }

  private static Value cycler(Arguments arguments) {
    if (arguments.positional().isEmpty() || !arguments.named().isEmpty()) {
      throw JinjaException.failure("at least one item has to be provided");
    }
    return new Cycler(arguments.positional());
  }

  private static Value joiner(Arguments arguments) {
    Value separator = JOINER.bind(arguments)[0];
    return new Joiner(separator == null ? Str.of(", ") : separator);
  }
}
