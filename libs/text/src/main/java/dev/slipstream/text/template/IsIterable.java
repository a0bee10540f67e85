package dev.slipstream.text.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import java.util.Map;

/** Whether a value is "iterable" as in Python, where strings and dictionaries are. */
final class IsIterable implements ExpTest {

  @Override
  public String getName() {
    return "iterable";
  }

  @Override
  public boolean evaluate(Object value, JinjavaInterpreter interpreter, Object... arguments) {
    return switch (value) {
      case null -> false;
      case String text -> true;
      case Map<?, ?> map -> true;
      case Iterable<?> elements -> true;
      default -> value.getClass().isArray();
    };
  }
}
