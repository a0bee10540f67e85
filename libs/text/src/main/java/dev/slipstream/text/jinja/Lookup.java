package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What filters look up in the items of a list: an attribute, or one of one, as in {@code "a.b.0"}.
 *
 * @param path names and indices; empty for the item itself
 * @param absent what stands for undefined ones, or null
 * @param ignoresCase whether strings are taken in lower case
 */
record Lookup(List<Value> path, @Nullable Value absent, boolean ignoresCase) {

  static Lookup of(@Nullable Value attribute, @Nullable Value absent, boolean ignoresCase) {
    return new Lookup(path(attribute), Filter.isAbsent(absent) ? null : absent, ignoresCase);
  }

  /** Attributes with commas between them. */
  static List<Lookup> all(@Nullable Value attribute, boolean ignoresCase) {
    if (!(attribute instanceof Value.Str names)) {
      return List.of(of(attribute, null, ignoresCase));
    }
    List<Lookup> lookups = new ArrayList<>();
    for (String name : names.text().split(",", -1)) {
      lookups.add(of(Value.Str.of(name), null, ignoresCase));
    }
    return lookups;
  }

  private static List<Value> path(@Nullable Value attribute) {
    if (Filter.isAbsent(attribute)) {
      return List.of();
    }
    if (!(attribute instanceof Value.Str names)) {
      return List.of(attribute);
    }
    List<Value> path = new ArrayList<>();
    for (String name : names.text().split("\\.", -1)) {
      boolean index = !name.isEmpty() && name.chars().allMatch(Character::isDigit);
      path.add(
          index && name.length() < 10 ? Value.Int.of(Long.parseLong(name)) : Value.Str.of(name));
    }
    return path;
  }

  Value in(Rendering rendering, Value item) {
    Value found = item;
    for (Value name : path) {
      found = Attributes.getItem(rendering, found, name);
      if (absent != null && found instanceof Value.Undefined) {
        found = absent;
      }
    }
    if (ignoresCase && found instanceof Value.Str s) {
      rendering.budget().text(s.text().length());
      return s.like(s.text().toLowerCase(Locale.ROOT));
    }
    return found;
  }
}
