package dev.slipstream.text.jinja;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code a.b} and {@code a[b]}, which look for attributes and for elements in either order. */
final class Attributes {

  private static final Set<String> CHANGING_A_LIST =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

  private static final Set<String> CHANGING_A_DICT =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Attributes() {}

  /** {@code owner.name}: an attribute or else an element. */
  static Value get(Rendering rendering, Value owner, String name) {
    rendering.budget().step();
    if (owner instanceof Value.Undefined undefined) {
      throw undefined.failure(rendering.budget());
    }
    Value attribute = safe(rendering, owner, name);
    if (attribute != null) {
      return attribute;
    }
    Value element = Items.find(rendering.budget(), owner, Value.Str.of(name));
    return element != null ? element : new Value.Undefined(null, owner, Value.Str.of(name));
  }

  /** {@code owner[index]}: an element or else an attribute. */
  static Value getItem(Rendering rendering, Value owner, Value index) {
    rendering.budget().step();
    if (owner instanceof Value.Undefined undefined) {
      throw undefined.failure(rendering.budget());
    }
    Value element = Items.find(rendering.budget(), owner, index);
    if (element == null && index instanceof Value.Str name) {
      element = safe(rendering, owner, name.text());
    }
    return element != null ? element : new Value.Undefined(null, owner, index);
  }

  /** An attribute, undefined if templates may not have it, or null if there is none. */
  static @Nullable Value safe(Rendering rendering, Value owner, String name) {
    boolean internal = name.startsWith("__") && name.endsWith("__") && name.length() > 4;
    if (internal || changes(owner, name)) {
      return Value.Undefined.hint(
          "access to attribute '%s' of '%s' object is unsafe.".formatted(name, Types.name(owner)));
    }
    return name.startsWith("_") ? null : find(owner, name);
  }

  private static boolean changes(Value owner, String name) {
    return owner instanceof Value.ListValue && CHANGING_A_LIST.contains(name)
        || owner instanceof Dict && CHANGING_A_DICT.contains(name);
  }

  private static @Nullable Value find(Value owner, String name) {
    return switch (owner) {
      case Value.Str text -> StringMethods.find(text, name);
      case Value.ListValue list -> ContainerMethods.find(list, name);
      case Value.Tuple tuple -> ContainerMethods.find(tuple, name);
      case Dict dict -> ContainerMethods.find(dict, name);
      case Value.Range range -> ContainerMethods.find(range, name);
      case Value.Int number -> NumberMethods.find(number, name);
      case Value.Bool number -> NumberMethods.find(number, name);
      case Value.Real number -> NumberMethods.find(number, name);
      case Value.Namespace namespace -> namespace.attributes().get(name);
      case Value.Function function -> function == Globals.DICT ? Globals.ofDict(name) : null;
      case Macro macro -> macro.attribute(name);
      case Loop loop -> loop.attribute(name);
      case Cycler cycler -> cycler.attribute(name);
      case Joiner joiner -> joiner.attribute(name);
      case Value.None none -> null;
      case Value.View view -> null;
      case Value.Undefined undefined -> null;
      case Generator generator -> null;
    };
  }
}
