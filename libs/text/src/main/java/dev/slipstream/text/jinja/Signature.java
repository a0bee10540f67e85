package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a function.
 *
 * @param required how many of the names must be given
 * @param byPosition whether none can be given by name
 */
record Signature(String function, List<String> names, int required, boolean byPosition) {

  /**
   * @param names those that may be left out end with a question mark
   */
  static Signature of(String function, String... names) {
    return make(function, false, names);
  }

  /** Likewise for functions whose arguments have no names. */
  static Signature positional(String function, String... names) {
    return make(function, true, names);
  }

  private static Signature make(String function, boolean byPosition, String[] names) {
    int required = (int) Arrays.stream(names).filter(name -> !name.endsWith("?")).count();
    List<String> plain = Arrays.stream(names).map(name -> name.replace("?", "")).toList();
    return new Signature(function, plain, required, byPosition);
  }

  /**
   * The arguments in the order of the parameters; null for those that are not given.
   *
   * @throws JinjaException if they do not fit
   */
  Value[] bind(Arguments arguments) {
    List<Value> positional = arguments.positional();
    if (positional.size() > names.size()) {
      throw JinjaException.failure(
          "%s() takes at most %d arguments (%d given)"
              .formatted(function, names.size(), positional.size()));
    }
    Value[] bound = positional.toArray(new Value[names.size()]);
    for (Map.Entry<String, Value> argument : arguments.named().entrySet()) {
      int index = byPosition ? -1 : names.indexOf(argument.getKey());
      if (index < 0) {
        throw JinjaException.failure(
            "%s() got an unexpected keyword argument '%s'".formatted(function, argument.getKey()));
      }
      if (bound[index] != null) {
        throw JinjaException.failure(
            "%s() got multiple values for argument '%s'".formatted(function, argument.getKey()));
      }
      bound[index] = argument.getValue();
    }
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < required; i++) {
      if (bound[i] == null) {
        missing.add(names.get(i));
      }
    }
    if (!missing.isEmpty()) {
      throw JinjaException.failure(
          function + "() misses the arguments " + String.join(", ", missing));
    }
    return bound;
  }
}
