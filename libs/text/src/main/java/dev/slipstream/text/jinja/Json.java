package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** json.dumps() of Python, which is what {@code tojson} is in chat templates. */
final class Json {

  private final Budget budget;
  private final boolean ascii;
  private final boolean sorted;

  /** Null for all in one line. */
  private final @Nullable String indent;

  private final String itemSeparator;
  private final String keySeparator;
  private final StringBuilder out = new StringBuilder();

  private Json(Budget budget, Value[] options) {
    this.budget = budget;
    this.ascii = options[0] != null && Types.truth(options[0]);
    this.indent = indent(budget, options[1]);
    this.sorted = options[3] != null && Types.truth(options[3]);
    if (isAbsent(options[2])) {
      this.itemSeparator = indent == null ? ", " : ",";
      this.keySeparator = ": ";
    } else {
      List<Value> separators = Source.list(budget, options[2]);
      if (separators.size() != 2) {
        throw JinjaException.failure("separators must be two");
      }
      this.itemSeparator = Types.string(separators.get(0), "separators");
      this.keySeparator = Types.string(separators.get(1), "separators");
    }
  }

  /**
   * @param options ensure_ascii, indent, separators and sort_keys; null for those not given
   */
  static String dumps(Budget budget, Value value, Value... options) {
    Json json = new Json(budget, options);
    json.write(value, 0);
    return json.out.toString();
  }

  private static boolean isAbsent(@Nullable Value option) {
    return option == null || option == Value.None.NONE;
  }

  private static @Nullable String indent(Budget budget, Value option) {
    if (isAbsent(option)) {
      return null;
    }
    return option instanceof Value.Str s ? s.text() : Text.repeat(budget, " ", Types.count(option));
  }

  private void append(String text) {
    budget.text(text.length());
    out.append(text);
  }

  private void write(Value value, int depth) {
    budget.step();
    switch (value) {
      case Value.None none -> append("null");
      case Value.Str text -> string(text.text());
      case Value.Bool bool -> append(bool == Value.Bool.TRUE ? "true" : "false");
      case Value.Int integer -> append(Repr.of(budget, integer));
      case Value.Real real -> append(real(real.value()));
      case Value.Sequence sequence -> sequence(sequence.items(), depth);
      case Dict dict -> dict(dict, depth);
      default ->
          throw JinjaException.failure(
              "Object of type " + Types.name(value) + " is not JSON serializable");
    }
  }

  private static String real(double value) {
    return Double.isNaN(value)
        ? "NaN"
        : Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : Repr.real(value);
  }

  private void sequence(List<Value> items, int depth) {
    if (items.isEmpty()) {
      append("[]");
      return;
    }
    budget.enter();
    append("[");
    for (int i = 0; i < items.size(); i++) {
      append(i == 0 ? "" : itemSeparator);
      newLine(depth + 1);
      write(items.get(i), depth + 1);
    }
    newLine(depth);
    append("]");
    budget.leave();
  }

  private void newLine(int depth) {
    if (indent != null) {
      append("\n");
      append(Text.repeat(budget, indent, depth));
    }
  }

  private void dict(Dict dict, int depth) {
    if (dict.size() == 0) {
      append("{}");
      return;
    }
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    if (sorted) {
      Sorting.sort(budget, entries, Dict.Entry::key, false);
    }
    budget.enter();
    append("{");
    for (int i = 0; i < entries.size(); i++) {
      append(i == 0 ? "" : itemSeparator);
      newLine(depth + 1);
      string(key(entries.get(i).key()));
      append(keySeparator);
      write(entries.get(i).value(), depth + 1);
    }
    newLine(depth);
    append("}");
    budget.leave();
  }

  private String key(Value key) {
    return switch (key) {
      case Value.Str text -> text.text();
      case Value.Real real -> real(real.value());
      case Value.Bool bool -> bool == Value.Bool.TRUE ? "true" : "false";
      case Value.None none -> "null";
      case Value.Int integer -> Repr.of(budget, integer);
      default ->
          throw JinjaException.failure(
              "keys must be str, int, float, bool or None, not " + Types.name(key));
    };
  }

  private void string(String text) {
    budget.text(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> character(c);
      }
    }
    out.append('"');
  }

  private void character(char c) {
    if (c < ' ' || ascii && c > '~') {
      append("\\u%04x".formatted((int) c));
    } else {
      out.append(c);
    }
  }
}
