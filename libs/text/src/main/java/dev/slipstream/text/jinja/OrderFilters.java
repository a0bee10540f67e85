package dev.slipstream.text.jinja;

import static dev.slipstream.text.jinja.Filter.flag;

import dev.slipstream.text.jinja.Value.ListValue;
import dev.slipstream.text.jinja.Value.Tuple;
import dev.slipstream.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Filters that compare the items of a list. */
final class OrderFilters {

  static final Map<String, Filter> FILTERS =
      Map.of(
          "sort",
          Filter.of(
              Signature.of("sort", "reverse?", "case_sensitive?", "attribute?"),
              OrderFilters::sort),
          "dictsort",
          Filter.of(
              Signature.of("dictsort", "case_sensitive?", "by?", "reverse?"),
              OrderFilters::sortDict),
          "min",
          Filter.of(
              Signature.of("min", "case_sensitive?", "attribute?"),
              (r, s, a) -> extreme(r, s, a, false)),
          "max",
          Filter.of(
              Signature.of("max", "case_sensitive?", "attribute?"),
              (r, s, a) -> extreme(r, s, a, true)),
          "unique",
          Filter.of(Signature.of("unique", "case_sensitive?", "attribute?"), OrderFilters::unique),
          "groupby",
          Filter.of(
              Signature.of("groupby", "attribute", "default?", "case_sensitive?"),
              OrderFilters::group));

  private OrderFilters() {}

  /** An item and what it is compared by. */
  private record Keyed(Value key, Value item) {}

  private static Value items(List<Keyed> keyed) {
    return new ListValue(keyed.stream().map(Keyed::item).toList());
  }

  private static Value sort(Rendering rendering, Value subject, Value[] a) {
    List<Lookup> lookups = Lookup.all(a[2], !flag(a[1]));
    List<Keyed> keyed = new ArrayList<>();
    for (Value item : Source.list(rendering.budget(), subject)) {
      rendering.budget().slots(2L + lookups.size());
      List<Value> keys = new ArrayList<>();
      lookups.forEach(lookup -> keys.add(lookup.in(rendering, item)));
      keyed.add(new Keyed(new ListValue(keys), item));
    }
    Sorting.sort(rendering.budget(), keyed, Keyed::key, flag(a[0]));
    return items(keyed);
  }

  private static Value sortDict(Rendering rendering, Value subject, Value[] a) {
    String by = a[1] == null ? "key" : Repr.text(rendering.budget(), a[1]);
    if (!by.equals("key") && !by.equals("value")) {
      throw JinjaException.failure("You can only sort by either \"key\" or \"value\"");
    }
    if (subject instanceof Undefined undefined) {
      throw undefined.failure(rendering.budget());
    }
    if (!(subject instanceof Dict dict)) {
      throw JinjaException.failure("'" + Types.name(subject) + "' object has no attribute 'items'");
    }
    Lookup plain = Lookup.of(null, null, !flag(a[0]));
    List<Keyed> keyed = new ArrayList<>();
    for (Dict.Entry entry : dict.entries()) {
      rendering.budget().slots(3);
      Value key = by.equals("key") ? entry.key() : entry.value();
      keyed.add(new Keyed(plain.in(rendering, key), Tuple.of(entry.key(), entry.value())));
    }
    Sorting.sort(rendering.budget(), keyed, Keyed::key, flag(a[2]));
    return items(keyed);
  }

  private static Value extreme(Rendering rendering, Value subject, Value[] a, boolean largest) {
    Budget budget = rendering.budget();
    Lookup lookup = Lookup.of(a[1], null, !flag(a[0]));
    Source source = Source.of(budget, subject);
    Value best = source.next();
    if (best == null) {
      return Undefined.hint("No aggregated item, sequence was empty.");
    }
    Value bestKey = lookup.in(rendering, best);
    for (Value item; (item = source.next()) != null; ) {
      Value key = lookup.in(rendering, item);
      Comparison better = largest ? Comparison.GREATER : Comparison.LESS;
      if (Comparing.holds(budget, better, key, bestKey)) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }

  private static Value unique(Rendering rendering, Value subject, Value[] a) {
    Budget budget = rendering.budget();
    Lookup lookup = Lookup.of(a[1], null, !flag(a[0]));
    Source[] source = {null};
    Set<Object> seen = new HashSet<>();
    return new Generator(
        budget,
        () -> {
          source[0] = source[0] == null ? Source.of(budget, subject) : source[0];
          for (Value item; (item = source[0].next()) != null; ) {
            budget.slots(1);
            if (seen.add(Keys.of(budget, lookup.in(rendering, item)))) {
              return item;
            }
          }
          return null;
        });
  }

  private static Value group(Rendering rendering, Value subject, Value[] a) {
    Budget budget = rendering.budget();
    Lookup lookup = Lookup.of(a[0], a[1], !flag(a[2]));
    Lookup exact = Lookup.of(a[0], a[1], false);
    List<Keyed> keyed = new ArrayList<>();
    for (Value item : Source.list(budget, subject)) {
      keyed.add(new Keyed(lookup.in(rendering, item), item));
    }
    Sorting.sort(budget, keyed, Keyed::key, false);
    List<Value> groups = new ArrayList<>();
    List<Value> group = new ArrayList<>();
    for (int i = 0; i < keyed.size(); i++) {
      budget.slots(3);
      Keyed current = keyed.get(i);
      if (i == 0 || !Comparing.equal(budget, keyed.get(i - 1).key(), current.key())) {
        group = new ArrayList<>();
        Value name = exact.in(rendering, current.item());
        groups.add(new Tuple(List.of(name, new ListValue(group)), true));
      }
      group.add(current.item());
    }
    return new ListValue(groups);
  }
}
