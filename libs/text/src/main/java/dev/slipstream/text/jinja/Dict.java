package dev.slipstream.text.jinja;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A dict: in the order of insertion, with any hashable key. Keys are held as {@link Keys} makes
 * them, so that Java's equality of them is Python's.
 */
final class Dict implements Value {

  /** A key as it was first given, and its value. */
  record Entry(Value key, Value value) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  void put(Budget budget, Value key, Value value) {
    budget.slots(2);
    Object hashed = Keys.of(budget, key);
    Entry before = entries.get(hashed);
    entries.put(hashed, new Entry(before == null ? key : before.key(), value));
  }

  /** The value, or null. */
  @Nullable Value get(Budget budget, Value key) {
    Entry entry = entries.get(Keys.of(budget, key));
    return entry == null ? null : entry.value();
  }

  /** The value of a key that is a string, or null. */
  @Nullable Value get(String key) {
    Entry entry = entries.get(key);
    return entry == null ? null : entry.value();
  }

  boolean contains(Budget budget, Value key) {
    return entries.containsKey(Keys.of(budget, key));
  }

  int size() {
    return entries.size();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  Dict copy(Budget budget) {
    Dict copy = new Dict();
    copy.putAll(budget, this);
    return copy;
  }

  void putAll(Budget budget, Dict other) {
    budget.slots(2L * other.size());
    other.entries.forEach(
        (hashed, entry) ->
            entries.merge(hashed, entry, (old, added) -> new Entry(old.key(), added.value())));
  }
}
