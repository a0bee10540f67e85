package dev.slipstream.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a function is called with; named arguments in the order in which they are given. */
record Arguments(List<Value> positional, Map<String, Value> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  Arguments with(String name, Value value) {
    Map<String, Value> more = new LinkedHashMap<>(named);
    more.put(name, value);
    return new Arguments(positional, more);
  }

  Arguments withoutFirst(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }
}
