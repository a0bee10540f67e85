package dev.slipstream.text.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.util.ArrayList;
import java.util.List;

/** What {@code for x in list if condition} is rewritten to, since Jinjava ignores the condition. */
final class WhereFilter implements Filter {

  static final String NAME = "where__";

  @Override
  public String getName() {
    return NAME;
  }

  /**
   * @param arguments the name of the loop variable and the condition
   */
  @Override
  public Object filter(Object list, JinjavaInterpreter interpreter, String... arguments) {
    List<Object> chosen = new ArrayList<>();
    if (!(list instanceof Iterable<?> elements)) {
      return chosen;
    }
    try (var scope = interpreter.enterNonStackingScope()) {
      for (Object element : elements) {
        interpreter.getContext().put(arguments[0], element);
        Object holds = interpreter.resolveELExpression(arguments[1], interpreter.getLineNumber());
        if (ObjectTruthValue.evaluate(holds)) {
          chosen.add(element);
        }
      }
    }
    return chosen;
  }
}
