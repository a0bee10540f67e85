package dev.slipstream.text.jinja;

import org.jspecify.annotations.Nullable;

/** What joiner() gives: calling it gives nothing the first time, and the separator after that. */
final class Joiner implements Value {

  private static final Signature CALL = Signature.of("joiner");

  private final Value separator;
  private boolean used;

  Joiner(Value separator) {
    this.separator = separator;
  }

  /** An attribute, or null. */
  @Nullable Value attribute(String name) {
    return switch (name) {
      case "sep" -> separator;
      case "used" -> Bool.of(used);
      default -> null;
    };
  }

  Value call(Arguments arguments) {
    CALL.bind(arguments);
    boolean first = !used;
    used = true;
    return first ? Str.EMPTY : separator;
  }
}
