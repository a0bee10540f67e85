package dev.slipstream.text.jinja;

import org.jspecify.annotations.Nullable;

/** A filter. */
@FunctionalInterface
interface Filter {

  Value apply(Rendering rendering, Value subject, Arguments arguments);

  /** What a filter with certain parameters does; arguments that are not given are null. */
  @FunctionalInterface
  interface Body {
    Value apply(Rendering rendering, Value subject, Value[] arguments);
  }

  static Filter of(Signature signature, Body body) {
    return (rendering, subject, arguments) ->
        body.apply(rendering, subject, signature.bind(arguments));
  }

  /** A flag that is off if it is not given. */
  static boolean flag(@Nullable Value argument) {
    return argument != null && Types.truth(argument);
  }

  static boolean isAbsent(@Nullable Value argument) {
    return argument == null || argument == Value.None.NONE;
  }
}
