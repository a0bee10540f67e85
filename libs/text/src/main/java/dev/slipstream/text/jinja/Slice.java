package dev.slipstream.text.jinja;

import java.math.BigInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** The indices that a slice of Python selects: start, start + step, and so on, size of them. */
record Slice(int start, int step, int size) {

  /**
   * @param start bound as it is written, or null; likewise the others
   * @param length of the sequence
   * @throws JinjaException if a bound is no integer or the step is 0
   */
  static Slice of(@Nullable Value start, @Nullable Value stop, @Nullable Value step, int length) {
    int by = step == null ? 1 : bound(step, 1);
    if (by == 0) {
      throw JinjaException.failure("slice step cannot be zero");
    }
    int lowest = by > 0 ? 0 : -1;
    int highest = lowest + length;
    int from = clamp(start, by > 0 ? lowest : highest, length, lowest, highest);
    int to = clamp(stop, by > 0 ? highest : lowest, length, lowest, highest);
    long span = by > 0 ? (long) to - from : (long) from - to;
    long size = span <= 0 ? 0 : (span - 1) / Math.abs((long) by) + 1;
    return new Slice(size == 0 ? 0 : from, by, (int) size);
  }

  private static int clamp(@Nullable Value given, int absent, int length, int lowest, int highest) {
    if (given == null || given == Value.None.NONE) {
      return absent;
    }
    long index = bound(given, 0);
    return Math.clamp(index < 0 ? index + length : index, lowest, highest);
  }

  private static int bound(Value value, int absent) {
    if (value == Value.None.NONE) {
      return absent;
    }
    BigInteger integer = Types.integer(value);
    if (integer == null) {
      throw JinjaException.failure(
          "slice indices must be integers or None or have an __index__ method");
    }
    return Types.count(value);
  }

  void forEach(IntConsumer action) {
    for (int i = 0; i < size; i++) {
      action.accept(start + i * step);
    }
  }
}
