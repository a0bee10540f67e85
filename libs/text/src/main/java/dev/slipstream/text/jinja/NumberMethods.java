package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Bool;
import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.Real;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** The attributes of numbers. */
final class NumberMethods {
  private NumberMethods() {}

  static @Nullable Value find(Value self, String name) {
    BigInteger integer = Types.integer(self);
    Value plain = integer == null ? self : Int.of(integer);
    return switch (name) {
      case "real" -> plain;
      case "imag" -> integer == null ? new Real(0) : Int.of(0);
      case "conjugate" -> function(name, plain);
      case "numerator" -> integer == null ? null : plain;
      case "denominator" -> integer == null ? null : Int.of(1);
      case "bit_length" ->
          integer == null ? null : function(name, Int.of(integer.abs().bitLength()));
      case "bit_count" -> integer == null ? null : function(name, Int.of(integer.abs().bitCount()));
      case "is_integer" ->
          self instanceof Real(double value)
              ? function(name, Bool.of(!Double.isInfinite(value) && value == Math.rint(value)))
              : null;
      default -> null;
    };
  }

  private static Value function(String name, Value result) {
    Signature signature = Signature.positional(name);
    return new Value.Function(
        name,
        (rendering, arguments) -> {
          signature.bind(arguments);
          return result;
        });
  }
}
