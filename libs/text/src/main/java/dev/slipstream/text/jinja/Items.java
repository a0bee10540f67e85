package dev.slipstream.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Elements of sequences and dicts, and slices. */
final class Items {
  private Items() {}

  /** The element at an index or key, or null if there is none. */
  static @Nullable Value find(Budget budget, Value owner, Value index) {
    if (owner instanceof Dict dict) {
      return Keys.isHashable(index) ? dict.get(budget, index) : null;
    }
    BigInteger number = Types.integer(index);
    if (number == null || number.bitLength() > 62) {
      return null;
    }
    return switch (owner) {
      case Value.Str s -> character(budget, s, number.longValue());
      case Value.Sequence sequence -> {
        long at = fromStart(number.longValue(), sequence.items().size());
        yield at < 0 ? null : sequence.items().get((int) at);
      }
      case Value.Range range -> {
        long at = fromStart(number.longValue(), range.length());
        yield at < 0 ? null : range.get(at);
      }
      default -> null;
    };
  }

  /** An index that counts from the start, or -1 if it is outside. */
  private static long fromStart(long index, long length) {
    long at = index < 0 ? index + length : index;
    return at < length ? Math.max(at, -1) : -1;
  }

  private static @Nullable Value character(Budget budget, Value.Str text, long index) {
    long at = fromStart(index, Text.length(budget, text.text()));
    if (at < 0) {
      return null;
    }
    int offset = Text.offset(budget, text.text(), (int) at);
    return text.like(Character.toString(text.text().codePointAt(offset)));
  }

  /**
   * @throws JinjaException if the value has no slices
   */
  static Value slice(Budget budget, Value owner, Value start, Value stop, Value step) {
    return switch (owner) {
      case Value.Str s -> {
        Slice slice = Slice.of(start, stop, step, Text.length(budget, s.text()));
        yield s.like(Text.slice(budget, s.text(), slice));
      }
      case Value.ListValue list -> new Value.ListValue(slice(budget, list, start, stop, step));
      case Value.Tuple tuple -> new Value.Tuple(slice(budget, tuple, start, stop, step), false);
      case Value.Range range -> {
        Slice slice = Slice.of(start, stop, step, (int) range.length());
        long first = range.start() + slice.start() * range.step();
        long by =
            Globals.bound(
                BigInteger.valueOf(range.step()).multiply(BigInteger.valueOf(slice.step())));
        yield new Value.Range(first, first + by * slice.size(), by);
      }
      case Value.Undefined undefined -> throw undefined.failure(budget);
      case Dict dict -> throw JinjaException.failure("unhashable type: 'slice'");
      default ->
          throw JinjaException.failure("'" + Types.name(owner) + "' object is not subscriptable");
    };
  }

  private static List<Value> slice(
      Budget budget, Value.Sequence sequence, Value start, Value stop, Value step) {
    Slice slice = Slice.of(start, stop, step, sequence.items().size());
    budget.slots(slice.size());
    List<Value> items = new ArrayList<>(slice.size());
    slice.forEach(i -> items.add(sequence.items().get(i)));
    return items;
  }
}
