package dev.slipstream.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Values of Java as values of templates. */
final class Input {

  private Input() {}

  /**
   * @throws JinjaException if it is nothing that JSON has, or nested too deeply
   */
  static Value value(Budget budget, Object given) {
    budget.grant(1, 0);
    return switch (given) {
      case null -> Value.None.NONE;
      case String text -> {
        budget.grant(0, text.length());
        yield Value.Str.of(text);
      }
      case Boolean bool -> Value.Bool.of(bool);
      case Long number -> Value.Int.of(number);
      case Integer number -> Value.Int.of(number);
      case BigInteger number -> {
        budget.integer(number.bitLength());
        yield Value.Int.of(number);
      }
      case Double number -> new Value.Real(number);
      case Float number -> new Value.Real(number);
      case BigDecimal number -> new Value.Real(number.doubleValue());
      case List<?> list -> {
        budget.enter();
        List<Value> items = new ArrayList<>(list.size());
        list.forEach(item -> items.add(value(budget, item)));
        budget.leave();
        yield new Value.ListValue(items);
      }
      case Map<?, ?> map -> {
        budget.enter();
        Dict dict = new Dict();
        map.forEach((key, item) -> dict.put(budget, value(budget, key), value(budget, item)));
        budget.leave();
        yield dict;
      }
      default ->
          throw new IllegalArgumentException(
              "a template cannot be given a " + given.getClass().getName());
    };
  }
}
