package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Filters that apply another filter or test to each item. */
final class ChoiceFilters {

  static final Map<String, Filter> FILTERS =
      Map.of(
          "map",
          ChoiceFilters::map,
          "select",
          (r, s, a) -> choose(r, s, () -> test(r, a)),
          "reject",
          (r, s, a) -> choose(r, s, () -> test(r, a).negate()),
          "selectattr",
          (r, s, a) -> choose(r, s, () -> attributeTest(r, a)),
          "rejectattr",
          (r, s, a) -> choose(r, s, () -> attributeTest(r, a).negate()));

  private ChoiceFilters() {}

  private static Value map(Rendering rendering, Value subject, Arguments arguments) {
    return lazy(
        rendering,
        subject,
        items -> {
          Function<Value, Value> change = change(rendering, arguments);
          return () -> {
            Value item = items.next();
            return item == null ? null : change.apply(item);
          };
        });
  }

  /** Nothing is looked at before the first item is wanted; what is empty or undefined has none. */
  private static Value lazy(Rendering rendering, Value subject, Function<Source, Source> filtered) {
    Budget budget = rendering.budget();
    List<Source> source = new ArrayList<>();
    return new Generator(
        budget,
        () -> {
          if (source.isEmpty()) {
            source.add(
                Types.truth(subject) ? filtered.apply(Source.of(budget, subject)) : () -> null);
          }
          return source.getFirst().next();
        });
  }

  private static Function<Value, Value> change(Rendering rendering, Arguments arguments) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      for (String name : arguments.named().keySet()) {
        if (!Set.of("attribute", "default").contains(name)) {
          throw JinjaException.failure("Unexpected keyword argument '" + name + "'");
        }
      }
      Lookup lookup =
          Lookup.of(arguments.named().get("attribute"), arguments.named().get("default"), false);
      return item -> lookup.in(rendering, item);
    }
    String name = name(rendering, arguments, 0, "map requires a filter argument");
    Filter filter = Filters.find(name);
    if (filter == null) {
      throw JinjaException.failure(Filters.missing(name));
    }
    Arguments rest = arguments.withoutFirst(1);
    return item -> filter.apply(rendering, item, rest);
  }

  private static String name(Rendering rendering, Arguments arguments, int index, String missing) {
    if (arguments.positional().size() <= index) {
      throw JinjaException.failure(missing);
    }
    return Repr.text(rendering.budget(), arguments.positional().get(index));
  }

  private static Value choose(
      Rendering rendering, Value subject, Supplier<Predicate<Value>> condition) {
    return lazy(
        rendering,
        subject,
        items -> {
          Predicate<Value> chosen = condition.get();
          return () -> {
            for (Value item; (item = items.next()) != null; ) {
              if (chosen.test(item)) {
                return item;
              }
            }
            return null;
          };
        });
  }

  private static Predicate<Value> test(Rendering rendering, Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      return Types::truth;
    }
    String name = name(rendering, arguments, 0, "");
    Test test = Tests.find(name);
    if (test == null) {
      throw JinjaException.failure(Tests.missing(name));
    }
    Arguments rest = arguments.withoutFirst(1);
    return item -> test.holds(rendering, item, rest);
  }

  private static Predicate<Value> attributeTest(Rendering rendering, Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      throw JinjaException.failure("Missing parameter for attribute name");
    }
    Lookup lookup = Lookup.of(arguments.positional().getFirst(), null, false);
    Predicate<Value> test = test(rendering, arguments.withoutFirst(1));
    return item -> test.test(lookup.in(rendering, item));
  }
}
