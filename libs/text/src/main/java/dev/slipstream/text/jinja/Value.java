package dev.slipstream.text.jinja;

import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an expression can yield: the values of Python that templates meet. */
sealed interface Value
    permits Value.Str,
        Value.Int,
        Value.Real,
        Value.Bool,
        Value.None,
        Value.Sequence,
        Value.Range,
        Value.View,
        Value.Undefined,
        Value.Namespace,
        Value.Function,
        Dict,
        Generator,
        Macro,
        Loop,
        Cycler,
        Joiner {

  /**
   * Text, a sequence of code points.
   *
   * @param markup whether it counts as HTML already, as MarkupSafe's strings do, which escape what
   *     is added to them
   */
  record Str(String text, boolean markup) implements Value {
    static final Str EMPTY = new Str("", false);

    static Str of(String text) {
      return text.isEmpty() ? EMPTY : new Str(text, false);
    }

    Str like(String other) {
      return new Str(other, markup);
    }
  }

  /**
   * An integer, of at most {@link Budget#integer} bits.
   *
   * @param large null if the value is the small one
   */
  record Int(long small, @Nullable BigInteger large) implements Value {
    static Int of(long value) {
      return new Int(value, null);
    }

    static Int of(BigInteger value) {
      return value.bitLength() < Long.SIZE ? of(value.longValue()) : new Int(0, value);
    }

    BigInteger value() {
      return large == null ? BigInteger.valueOf(small) : large;
    }
  }

  /** A float. */
  record Real(double value) implements Value {}

  /** A truth value, which counts as 0 or 1 in arithmetic. */
  enum Bool implements Value {
    FALSE,
    TRUE;

    static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }

    /** As an integer. */
    BigInteger integer() {
      return this == TRUE ? BigInteger.ONE : BigInteger.ZERO;
    }
  }

  /** None. */
  enum None implements Value {
    NONE
  }

  /** A list or a tuple. */
  sealed interface Sequence extends Value {
    List<Value> items();
  }

  /** A list, which no template can change. */
  record ListValue(List<Value> items) implements Sequence {}

  /**
   * @param group whether it is one that groupby made, with the attributes "grouper" and "list"
   */
  record Tuple(List<Value> items, boolean group) implements Sequence {
    static final Tuple EMPTY = new Tuple(List.of(), false);

    static Tuple of(Value... items) {
      return new Tuple(List.of(items), false);
    }
  }

  /** What range() gives. */
  record Range(long start, long stop, long step) implements Value {
    long length() {
      long span = step > 0 ? stop - start : start - stop;
      return span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
    }

    Int get(long index) {
      return Int.of(start + index * step);
    }
  }

  /** What keys(), values() and items() of a dict give. */
  record View(Part part, Dict dict) implements Value {
    enum Part {
      KEYS,
      VALUES,
      ITEMS
    }
  }

  /**
   * What a name or element that is not there stands for.
   *
   * @param hint the message of the error that using it gives, or null if it is to be made of the
   *     others
   * @param owner what was looked at, or null for a variable
   * @param name what was looked for, or null if there is a hint
   */
  record Undefined(@Nullable String hint, @Nullable Value owner, @Nullable Value name)
      implements Value {
    static Undefined hint(String hint) {
      return new Undefined(hint, null, null);
    }

    static Undefined variable(String name) {
      return new Undefined(null, null, Str.of(name));
    }

    JinjaException failure(Budget budget) {
      return JinjaException.failure(message(budget));
    }

    private String message(Budget budget) {
      if (name == null) {
        return String.valueOf(hint);
      }
      String named = Repr.of(budget, name);
      if (owner == null) {
        return named + " is undefined";
      }
      String type = Types.described(owner);
      return name instanceof Str
          ? "'" + type + "' has no attribute " + named
          : type + " has no element " + named;
    }
  }

  /** What namespace() gives: the one thing that a template can change. */
  record Namespace(Dict attributes) implements Value {}

  /** Something of ours that can be called. */
  record Function(String name, Body body) implements Value {
    @FunctionalInterface
    interface Body {
      Value call(Rendering rendering, Arguments arguments);
    }
  }
}
