package dev.slipstream.text.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.util.ForLoop;
import java.util.List;

/** The "for" tag, with {@code loop.previtem} and {@code loop.nextitem}, which Jinjava lacks. */
final class LoopTag extends ForTag {

  /** Name of the variable that holds what the innermost loop goes through. */
  private static final String ITEMS = "items__";

  @Override
  public String renderForCollection(
      TagNode node, JinjavaInterpreter interpreter, List<String> variables, Object items) {
    try (var scope = interpreter.enterNonStackingScope()) {
      interpreter.getContext().put(ITEMS, items);
      return super.renderForCollection(node, interpreter, variables, items);
    }
  }

  /** The element before or after the present one; null, which is undefined, at the ends. */
  static Object neighbour(ForLoop loop, String property) {
    Object items = JinjavaInterpreter.getCurrent().getContext().get(ITEMS);
    int at = loop.getIndex0() + (property.equals("previtem") ? -1 : 1);
    return items instanceof List<?> list && at >= 0 && at < list.size() ? list.get(at) : null;
  }
}
