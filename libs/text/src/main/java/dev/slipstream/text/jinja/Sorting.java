package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** A merge sort that needs no more than "less", which may make no sense, as Python's does. */
final class Sorting {
  private Sorting() {}

  /** Sorts by keys; items whose keys are equal stay in order. */
  static <T> void sort(Budget budget, List<T> items, Function<T, Value> key, boolean reverse) {
    int size = items.size();
    budget.slots(2L * size);
    List<T> source = new ArrayList<>(items);
    List<T> target = items;
    for (int width = 1; width < size; width *= 2) {
      for (int from = 0; from < size; from += 2 * width) {
        int middle = Math.min(from + width, size);
        merge(budget, source, target, from, middle, Math.min(middle + width, size), key, reverse);
      }
      List<T> swapped = source;
      source = target;
      target = swapped;
    }
    if (source != items) {
      Collections.copy(items, source);
    }
  }

  private static <T> void merge(
      Budget budget,
      List<T> source,
      List<T> target,
      int from,
      int middle,
      int to,
      Function<T, Value> key,
      boolean reverse) {
    int a = from;
    int b = middle;
    for (int i = from; i < to; i++) {
      boolean second =
          a >= middle
              || b < to
                  && (reverse
                      ? Comparing.less(budget, key.apply(source.get(a)), key.apply(source.get(b)))
                      : Comparing.less(budget, key.apply(source.get(b)), key.apply(source.get(a))));
      target.set(i, source.get(second ? b++ : a++));
    }
  }
}
