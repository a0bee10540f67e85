package dev.slipstream.text.jinja;

import static dev.slipstream.text.jinja.Filter.isAbsent;

import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.ListValue;
import dev.slipstream.text.jinja.Value.Str;
import dev.slipstream.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Filters of lists and other things to loop over. */
final class ListFilters {

  static final Map<String, Filter> FILTERS = new HashMap<>();

  private ListFilters() {}

  static {
    add("length", (r, s, a) -> Int.of(Types.length(r.budget(), s)));
    FILTERS.put("count", FILTERS.get("length"));
    add("first", (r, s, a) -> first(r.budget(), s));
    add("last", (r, s, a) -> last(r.budget(), s));
    add("list", (r, s, a) -> new ListValue(Source.list(r.budget(), s)));
    add("items", (r, s, a) -> items(r.budget(), s));
    add("reverse", (r, s, a) -> reverse(r.budget(), s));
    add("join", ListFilters::join, "d?", "attribute?");
    add("sum", ListFilters::sum, "attribute?", "start?");
    add("batch", (r, s, a) -> batch(r.budget(), s, a), "linecount", "fill_with?");
    add("slice", (r, s, a) -> slice(r, s, a), "slices", "fill_with?");
    add(
        "default",
        (r, s, a) -> {
          boolean absent = s instanceof Undefined || Filter.flag(a[1]) && !Types.truth(s);
          return !absent ? s : a[0] == null ? Str.EMPTY : a[0];
        },
        "default_value?",
        "boolean?");
    FILTERS.put("d", FILTERS.get("default"));
    add("attr", ListFilters::attribute, "name");
  }

  private static void add(String name, Filter.Body body, String... parameters) {
    FILTERS.put(name, Filter.of(Signature.of(name, parameters), body));
  }

  private static Value first(Budget budget, Value subject) {
    Value first = Source.of(budget, subject).next();
    return first != null ? first : Undefined.hint("No first item, sequence was empty.");
  }

  private static Value last(Budget budget, Value subject) {
    Value last = backwards(budget, subject).next();
    return last != null ? last : Undefined.hint("No last item, sequence was empty.");
  }

  /** The items from the last to the first. */
  private static Source backwards(Budget budget, Value subject) {
    return switch (subject) {
      case Value.Sequence sequence -> {
        int[] at = {sequence.items().size()};
        yield () -> {
          budget.step();
          return at[0] == 0 ? null : sequence.items().get(--at[0]);
        };
      }
      case Generator generator ->
          throw JinjaException.failure("'generator' object is not reversible");
      default -> {
        List<Value> items = Source.list(budget, subject);
        Collections.reverse(items);
        yield Source.of(budget, new ListValue(items));
      }
    };
  }

  private static Value items(Budget budget, Value subject) {
    return switch (subject) {
      case Dict dict ->
          new Generator(budget, Source.of(budget, new Value.View(Value.View.Part.ITEMS, dict)));
      case Undefined undefined -> new Generator(budget, () -> null);
      default ->
          new Generator(
              budget,
              () -> {
                throw JinjaException.failure("Can only get item pairs from a mapping.");
              });
    };
  }

  private static Value reverse(Budget budget, Value subject) {
    return switch (subject) {
      case Str text -> {
        int length = Text.length(budget, text.text());
        yield text.like(Text.slice(budget, text.text(), new Slice(length - 1, -1, length)));
      }
      case Generator generator -> {
        List<Value> items = Source.list(budget, generator);
        Collections.reverse(items);
        yield new ListValue(items);
      }
      default -> new Generator(budget, backwards(budget, subject));
    };
  }

  private static Value join(Rendering rendering, Value subject, Value[] a) {
    Budget budget = rendering.budget();
    String separator = a[0] == null ? "" : Repr.text(budget, a[0]);
    Lookup lookup = Lookup.of(a[1], null, false);
    StringBuilder out = new StringBuilder();
    Source source = Source.of(budget, subject);
    boolean first = true;
    for (Value item; (item = source.next()) != null; first = false) {
      String text = Repr.text(budget, lookup.in(rendering, item));
      budget.text((long) text.length() + separator.length());
      out.append(first ? "" : separator).append(text);
    }
    return Str.of(out.toString());
  }

  private static Value sum(Rendering rendering, Value subject, Value[] a) {
    Value sum = a[1] == null ? Int.of(0) : a[1];
    if (sum instanceof Str) {
      throw JinjaException.failure("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Lookup lookup = Lookup.of(a[0], null, false);
    Source source = Source.of(rendering.budget(), subject);
    for (Value item; (item = source.next()) != null; ) {
      sum = Arithmetic.apply(rendering, BinaryOperator.ADD, sum, lookup.in(rendering, item));
    }
    return sum;
  }

  private static Value batch(Budget budget, Value subject, Value[] a) {
    Source source = Source.of(budget, subject);
    List<List<Value>> rest = new ArrayList<>(List.of(new ArrayList<>()));
    return new Generator(
        budget,
        () -> {
          while (!rest.isEmpty()) {
            Value item = source.next();
            List<Value> batch = rest.getFirst();
            if (item == null) {
              rest.clear();
              return batch.isEmpty() ? null : filled(budget, batch, a);
            }
            budget.slots(1);
            if (Comparing.equal(budget, Int.of(batch.size()), a[0])) {
              rest.set(0, new ArrayList<>(List.of(item)));
              return new ListValue(batch);
            }
            batch.add(item);
          }
          return null;
        });
  }

  private static Value filled(Budget budget, List<Value> batch, Value[] a) {
    long missing = isAbsent(a[1]) ? 0 : (long) Types.count(a[0]) - batch.size();
    if (missing > 0) {
      budget.slots(missing);
      batch.addAll(Collections.nCopies((int) missing, a[1]));
    }
    return new ListValue(batch);
  }

  private static Value slice(Rendering rendering, Value subject, Value[] a) {
    Budget budget = rendering.budget();
    List<Value> items = new ArrayList<>();
    int[] slice = {0};
    return new Generator(
        budget,
        () -> {
          int slices = Types.count(a[0]);
          if (slice[0] == 0) {
            items.addAll(Source.list(budget, subject));
            if (slices == 0) {
              throw JinjaException.failure("integer division or modulo by zero");
            }
          }
          if (slice[0] >= slices) {
            return null;
          }
          int number = slice[0]++;
          int each = items.size() / slices;
          int longer = items.size() % slices;
          int start = number * each + Math.min(number, longer);
          int end = start + each + (number < longer ? 1 : 0);
          budget.slots(end - start + 1L);
          List<Value> part = new ArrayList<>(items.subList(start, end));
          if (!isAbsent(a[1]) && number >= longer) {
            part.add(a[1]);
          }
          return new ListValue(part);
        });
  }

  private static Value attribute(Rendering rendering, Value subject, Value[] a) {
    if (subject instanceof Undefined undefined) {
      throw undefined.failure(rendering.budget());
    }
    String name = Types.string(a[0], "attr: the name");
    Value found = Attributes.safe(rendering, subject, name);
    return found != null ? found : new Undefined(null, subject, a[0]);
  }
}
