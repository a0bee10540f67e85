package dev.slipstream.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What cycler() gives: goes through its items again and again. */
final class Cycler implements Value {

  private final List<Value> items;
  private int position;

  Cycler(List<Value> items) {
    this.items = items;
  }

  /** An attribute, or null. */
  @Nullable Value attribute(String name) {
    return switch (name) {
      case "items" -> new Tuple(items, false);
      case "pos" -> Int.of(position);
      case "current" -> items.get(position);
      case "next" -> new Value.Function("next", (rendering, arguments) -> next());
      case "reset" -> new Value.Function("reset", (rendering, arguments) -> reset());
      default -> null;
    };
  }

  private Value next() {
    Value current = items.get(position);
    position = (position + 1) % items.size();
    return current;
  }

  private Value reset() {
    position = 0;
    return None.NONE;
  }
}
