package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A macro, with the variables around it. */
final class Macro implements Value {

  private final MacroCode code;
  private final Scope around;

  Macro(MacroCode code, Scope around) {
    this.code = code;
    this.around = around;
  }

  /** As Python would print it. */
  String described() {
    return "<Macro " + (code.name() == null ? "anonymous" : "'" + code.name() + "'") + ">";
  }

  /** An attribute, or null. */
  @Nullable Value attribute(String name) {
    return switch (name) {
      case "name" -> code.name() == null ? None.NONE : Str.of(code.name());
      case "arguments" -> {
        List<Value> names = new ArrayList<>();
        code.parameters().forEach(parameter -> names.add(Str.of(parameter)));
        yield new Tuple(names, false);
      }
      case "catch_kwargs" -> Bool.of(code.slots().namedRest() != null);
      case "catch_varargs" -> Bool.of(code.slots().rest() != null);
      case "caller" -> Bool.of(code.slots().usesCaller());
      default -> null;
    };
  }

  Value call(Rendering rendering, Arguments arguments) {
    Scope scope = new Scope(rendering, code.routine(), around);
    Map<String, Value> named = new LinkedHashMap<>(arguments.named());
    bindParameters(scope, arguments.positional(), named);
    bindRest(scope, arguments.positional(), named);
    return Str.of(code.run(scope));
  }

  private void bindParameters(Scope scope, List<Value> positional, Map<String, Value> named) {
    for (int i = 0; i < code.parameters().size(); i++) {
      boolean given = i < positional.size();
      scope.set(
          code.slots().parameters().get(i),
          given ? positional.get(i) : named.remove(code.parameters().get(i)));
    }
    if (code.slots().caller() != null) {
      Value caller = named.remove("caller");
      boolean none = caller == null || caller == None.NONE;
      scope.set(code.slots().caller(), none ? Undefined.hint("No caller defined") : caller);
    }
  }

  private void bindRest(Scope scope, List<Value> positional, Map<String, Value> named) {
    Budget budget = scope.budget();
    if (code.slots().namedRest() != null) {
      Dict rest = new Dict();
      named.forEach((name, value) -> rest.put(budget, Str.of(name), value));
      scope.set(code.slots().namedRest(), rest);
    } else if (!named.isEmpty()) {
      throw JinjaException.failure(
          "macro '%s' takes no keyword argument '%s'"
              .formatted(code.name(), named.keySet().iterator().next()));
    }
    int parameters = code.parameters().size();
    if (code.slots().rest() != null) {
      int taken = Math.min(parameters, positional.size());
      List<Value> rest = positional.subList(taken, positional.size());
      scope.set(code.slots().rest(), new Tuple(List.copyOf(rest), false));
    } else if (positional.size() > parameters) {
      throw JinjaException.failure(
          "macro '%s' takes not more than %d argument(s)".formatted(code.name(), parameters));
    }
  }
}
