package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a loop takes its items from; each costs a step. */
@FunctionalInterface
interface Source {

  /** The next item, or null if there is none. */
  @Nullable Value next();

  /**
   * @throws JinjaException if the value is nothing to loop over
   */
  static Source of(Budget budget, Value value) {
    return switch (value) {
      case Value.Str s -> characters(budget, s);
      case Value.Sequence s -> items(budget, s.items().iterator());
      case Value.Range range -> {
        long[] index = {0};
        yield () -> {
          budget.step();
          return index[0] < range.length() ? range.get(index[0]++) : null;
        };
      }
      case Value.View view -> entries(budget, view.dict(), view.part());
      case Dict dict -> entries(budget, dict, Value.View.Part.KEYS);
      case Generator generator -> generator;
      case Value.Undefined undefined -> () -> null;
      default -> throw JinjaException.failure("'" + Types.name(value) + "' object is not iterable");
    };
  }

  static boolean isIterable(Value value) {
    return switch (value) {
      case Value.Str s -> true;
      case Value.Sequence s -> true;
      case Value.Range r -> true;
      case Value.View v -> true;
      case Dict d -> true;
      case Generator g -> true;
      case Value.Undefined u -> true;
      case Loop l -> true;
      default -> false;
    };
  }

  private static Source items(Budget budget, Iterator<Value> items) {
    return () -> {
      budget.step();
      return items.hasNext() ? items.next() : null;
    };
  }

  private static Source characters(Budget budget, Value.Str text) {
    int[] at = {0};
    return () -> {
      budget.text(1);
      if (at[0] >= text.text().length()) {
        return null;
      }
      String character = Character.toString(text.text().codePointAt(at[0]));
      at[0] += character.length();
      return new Value.Str(character, false);
    };
  }

  private static Source entries(Budget budget, Dict dict, Value.View.Part part) {
    Iterator<Dict.Entry> entries = dict.entries().iterator();
    return () -> {
      budget.step();
      return entries.hasNext() ? part(entries.next(), part) : null;
    };
  }

  private static Value part(Dict.Entry entry, Value.View.Part part) {
    return switch (part) {
      case KEYS -> entry.key();
      case VALUES -> entry.value();
      case ITEMS -> Value.Tuple.of(entry.key(), entry.value());
    };
  }

  /** All that is left. */
  static List<Value> rest(Budget budget, Source source) {
    List<Value> items = new ArrayList<>();
    for (Value item; (item = source.next()) != null; ) {
      budget.slots(1);
      items.add(item);
    }
    return items;
  }

  static List<Value> list(Budget budget, Value value) {
    return rest(budget, of(budget, value));
  }
}
