package dev.slipstream.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/** Equality, order and membership, as Python has them. */
final class Comparing {
  private Comparing() {}

  static boolean holds(Budget budget, Comparison operator, Value left, Value right) {
    budget.step();
    return switch (operator) {
      case EQUAL -> equal(budget, left, right);
      case NOT_EQUAL -> !equal(budget, left, right);
      case IN -> contains(budget, right, left);
      case NOT_IN -> !contains(budget, right, left);
      case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> ordered(budget, operator, left, right);
    };
  }

  static boolean equal(Budget budget, Value left, Value right) {
    budget.step();
    if (Types.isNumber(left) && Types.isNumber(right)) {
      return compareNumbers(left, right) == 0 && !isNan(left) && !isNan(right);
    }
    return switch (left) {
      case Value.Str a -> right instanceof Value.Str b && Text.equal(budget, a.text(), b.text());
      case Value.ListValue a ->
          right instanceof Value.ListValue b && equalItems(budget, a.items(), b.items());
      case Value.Tuple a ->
          right instanceof Value.Tuple b && equalItems(budget, a.items(), b.items());
      case Dict a -> right instanceof Dict b && equalEntries(budget, a, b);
      case Value.Range a -> right instanceof Value.Range b && equalRanges(a, b);
      case Value.View a -> right instanceof Value.View b && equalViews(budget, a, b);
      case Value.Undefined a -> right instanceof Value.Undefined;
      default -> left == right;
    };
  }

  private static boolean isNan(Value value) {
    return value instanceof Value.Real(double number) && Double.isNaN(number);
  }

  private static boolean same(Budget budget, Value left, Value right) {
    budget.step();
    return left == right || equal(budget, left, right);
  }

  private static boolean equalItems(Budget budget, List<Value> a, List<Value> b) {
    if (a.size() != b.size()) {
      return false;
    }
    budget.enter();
    boolean equal = firstDifference(budget, a, b) == a.size();
    budget.leave();
    return equal;
  }

  /** The index of the first items that are not equal, or the length of the shorter list. */
  private static int firstDifference(Budget budget, List<Value> a, List<Value> b) {
    int length = Math.min(a.size(), b.size());
    for (int i = 0; i < length; i++) {
      if (!same(budget, a.get(i), b.get(i))) {
        return i;
      }
    }
    return length;
  }

  private static boolean equalEntries(Budget budget, Dict a, Dict b) {
    if (a.size() != b.size()) {
      return false;
    }
    budget.enter();
    for (Dict.Entry entry : a.entries()) {
      Value other = b.get(budget, entry.key());
      if (other == null || !same(budget, entry.value(), other)) {
        budget.leave();
        return false;
      }
    }
    budget.leave();
    return true;
  }

  private static boolean equalRanges(Value.Range a, Value.Range b) {
    long length = a.length();
    return length == b.length()
        && (length == 0 || a.start() == b.start() && (length == 1 || a.step() == b.step()));
  }

  /** Keys and items are sets; values are equal to nothing else. */
  private static boolean equalViews(Budget budget, Value.View a, Value.View b) {
    if (a.part() == Value.View.Part.VALUES || b.part() == Value.View.Part.VALUES) {
      return a == b;
    }
    if (a.dict().size() != b.dict().size()) {
      return false;
    }
    Source items = Source.of(budget, a);
    for (Value item; (item = items.next()) != null; ) {
      if (!contains(budget, b, item)) {
        return false;
      }
    }
    return true;
  }

  static boolean less(Budget budget, Value left, Value right) {
    return ordered(budget, Comparison.LESS, left, right);
  }

  private static boolean ordered(Budget budget, Comparison operator, Value left, Value right) {
    budget.step();
    if (Types.isNumber(left) && Types.isNumber(right)) {
      return !isNan(left) && !isNan(right) && holds(operator, compareNumbers(left, right));
    }
    if (left instanceof Value.Str a && right instanceof Value.Str b) {
      return holds(operator, Text.compare(budget, a.text(), b.text()));
    }
    if (left instanceof Value.ListValue a && right instanceof Value.ListValue b) {
      return orderedItems(budget, operator, a.items(), b.items());
    }
    if (left instanceof Value.Tuple a && right instanceof Value.Tuple b) {
      return orderedItems(budget, operator, a.items(), b.items());
    }
    if (left instanceof Value.Undefined undefined) {
      throw undefined.failure(budget);
    }
    if (right instanceof Value.Undefined undefined) {
      throw undefined.failure(budget);
    }
    throw JinjaException.failure(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(operator.sign(), Types.name(left), Types.name(right)));
  }

  private static boolean orderedItems(
      Budget budget, Comparison operator, List<Value> a, List<Value> b) {
    budget.enter();
    int at = firstDifference(budget, a, b);
    boolean result =
        at < a.size() && at < b.size()
            ? ordered(budget, operator, a.get(at), b.get(at))
            : holds(operator, Integer.compare(a.size(), b.size()));
    budget.leave();
    return result;
  }

  private static boolean holds(Comparison operator, int order) {
    return switch (operator) {
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case GREATER -> order > 0;
      case GREATER_OR_EQUAL -> order >= 0;
      case EQUAL, NOT_EQUAL, IN, NOT_IN ->
          throw new IllegalArgumentException(operator + " is no order");
    };
  }

  private static int compareNumbers(Value left, Value right) {
    BigInteger a = Types.integer(left);
    BigInteger b = Types.integer(right);
    if (a != null && b != null) {
      return a.compareTo(b);
    }
    double x = a == null ? ((Value.Real) left).value() : 0;
    double y = b == null ? ((Value.Real) right).value() : 0;
    if (a == null && b == null) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    if (a == null) {
      return Double.isInfinite(x) || Double.isNaN(x)
          ? (x > 0 ? 1 : -1)
          : new BigDecimal(x).compareTo(new BigDecimal(b));
    }
    return -compareNumbers(right, left);
  }

  /** Whether an item is in something. */
  static boolean contains(Budget budget, Value container, Value item) {
    return switch (container) {
      case Value.Str text -> {
        if (!(item instanceof Value.Str part)) {
          throw JinjaException.failure(
              "'in <string>' requires string as left operand, not " + Types.name(item));
        }
        yield Text.find(budget, text.text(), part.text(), 0) >= 0;
      }
      case Dict dict -> dict.contains(budget, item);
      case Value.View view when view.part() == Value.View.Part.KEYS ->
          view.dict().contains(budget, item);
      default -> {
        if (!Source.isIterable(container)) {
          throw JinjaException.failure(
              "argument of type '" + Types.name(container) + "' is not iterable");
        }
        Source items = Source.of(budget, container);
        for (Value next; (next = items.next()) != null; ) {
          if (same(budget, next, item)) {
            yield true;
          }
        }
        yield false;
      }
    };
  }
}
