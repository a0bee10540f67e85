package dev.slipstream.text.jinja;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A method of a type of Python. */
record Method<T extends Value>(Signature signature, Body<T> body) {

  /** What it does; arguments that are not given are null. */
  @FunctionalInterface
  interface Body<T extends Value> {
    Value apply(Budget budget, T self, Value[] arguments);
  }

  /** A method of a value to be called, or null if there is none of the name. */
  static <T extends Value> Value.@Nullable Function find(
      Map<String, Method<T>> methods, T self, String name) {
    Method<T> method = methods.get(name);
    return method == null
        ? null
        : new Value.Function(
            name,
            (rendering, arguments) ->
                method.body.apply(rendering.budget(), self, method.signature.bind(arguments)));
  }
}
