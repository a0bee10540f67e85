package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.ListValue;
import dev.slipstream.text.jinja.Value.View;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods of list, tuple, range and dict that change nothing. */
final class ContainerMethods {

  private static final Map<String, Method<Value>> SEQUENCES =
      Map.of(
          "count",
          new Method<>(Signature.positional("count", "value"), ContainerMethods::count),
          "index",
          new Method<>(
              Signature.positional("index", "value", "start?", "stop?"), ContainerMethods::index));

  private static final Map<String, Method<Dict>> DICTS =
      Map.of(
          "keys", view("keys", View.Part.KEYS),
          "values", view("values", View.Part.VALUES),
          "items", view("items", View.Part.ITEMS),
          "copy",
              new Method<>(Signature.positional("copy"), (budget, self, a) -> self.copy(budget)),
          "get",
              new Method<>(
                  Signature.positional("get", "key", "default?"),
                  (budget, self, a) -> {
                    Value value = self.get(budget, a[0]);
                    Value absent = a[1] == null ? Value.None.NONE : a[1];
                    return value == null ? absent : value;
                  }));

  private ContainerMethods() {}

  private static Method<Dict> view(String name, View.Part part) {
    return new Method<>(Signature.positional(name), (budget, self, a) -> new View(part, self));
  }

  static @Nullable Value find(ListValue list, String name) {
    if (name.equals("copy")) {
      return new Value.Function(
          name,
          (rendering, a) -> {
            rendering.budget().slots(list.items().size());
            return new ListValue(List.copyOf(list.items()));
          });
    }
    return Method.find(SEQUENCES, list, name);
  }

  static @Nullable Value find(Value.Tuple tuple, String name) {
    boolean group = tuple.group();
    return switch (name) {
      case "grouper" -> group ? tuple.items().get(0) : null;
      case "list" -> group ? tuple.items().get(1) : null;
      default -> Method.find(SEQUENCES, tuple, name);
    };
  }

  static @Nullable Value find(Value.Range range, String name) {
    return switch (name) {
      case "start" -> Int.of(range.start());
      case "stop" -> Int.of(range.stop());
      case "step" -> Int.of(range.step());
      default -> Method.find(SEQUENCES, range, name);
    };
  }

  static @Nullable Value find(Dict dict, String name) {
    return name.equals("fromkeys") ? Globals.ofDict(name) : Method.find(DICTS, dict, name);
  }

  private static Value count(Budget budget, Value self, Value[] a) {
    Source items = Source.of(budget, self);
    int count = 0;
    for (Value item; (item = items.next()) != null; ) {
      count += item == a[0] || Comparing.equal(budget, item, a[0]) ? 1 : 0;
    }
    return Int.of(count);
  }

  private static Value index(Budget budget, Value self, Value[] a) {
    int length = (int) Types.length(budget, self);
    Slice slice = Slice.of(a[1], a[2], null, length);
    Source items = Source.of(budget, self);
    Value item;
    for (int i = 0; (item = items.next()) != null; i++) {
      boolean inside = i >= slice.start() && i < slice.start() + slice.size();
      if (inside && (item == a[0] || Comparing.equal(budget, item, a[0]))) {
        return Int.of(i);
      }
    }
    throw JinjaException.failure(Types.name(self) + ".index(x): x not in " + Types.name(self));
  }
}
