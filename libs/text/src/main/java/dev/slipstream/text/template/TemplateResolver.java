package dev.slipstream.text.template;

import com.hubspot.jinjava.el.TypeConvertingMapELResolver;
import com.hubspot.jinjava.el.ext.JinjavaBeanELResolver;
import com.hubspot.jinjava.el.ext.JinjavaListELResolver;
import com.hubspot.jinjava.el.ext.NamedParameter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ELResolver;

/**
 * What expressions of a template may reach: entries of lists and dictionaries, the state of loops,
 * and {@link PythonMethods}. No Java method of any object can be called.
 */
final class TemplateResolver extends CompositeELResolver {

  private static final Pattern INDEX = Pattern.compile("-?\\d{1,9}");

  private final ELResolver reflection = new JinjavaBeanELResolver(true);

  TemplateResolver() {
    add(new TypeConvertingMapELResolver(false));
    add(new JinjavaListELResolver(true));
    add(new OtherState());
  }

  @Override
  public Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    if (base instanceof Filter || base instanceof ExpTest) {
      return reflection.invoke(context, base, method, types, arguments);
    }
    context.setPropertyResolved(true);
    String name = String.valueOf(method);
    Object[] given = positional(arguments);
    try {
      return switch (base) {
        case String text -> PythonMethods.call(text, name, given);
        case Map<?, ?> map -> PythonMethods.call(map, name, given);
        case List<?> list -> PythonMethods.call(list, name, given);
        case null -> throw new ChatTemplateException("." + name + "() is called on nothing");
        default -> throw PythonMethods.unknown(base, name);
      };
    } catch (ChatTemplateException e) {
      throw new ELException(e.getMessage(), e);
    }
  }

  /** Arguments that are given by name come in the order in which Python declares them. */
  private static Object[] positional(Object[] arguments) {
    Object[] given = arguments == null ? new Object[0] : arguments.clone();
    for (int i = 0; i < given.length; i++) {
      given[i] = given[i] instanceof NamedParameter named ? named.getValue() : given[i];
    }
    return given;
  }

  /** Characters of strings, and loop.first and so on, which are bean properties of one class. */
  private static final class OtherState extends JinjavaBeanELResolver {
    OtherState() {
      super(true);
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
      String name = String.valueOf(property);
      if (base instanceof String text && INDEX.matcher(name).matches()) {
        context.setPropertyResolved(true);
        int index = Integer.parseInt(name);
        int at = index < 0 ? index + text.length() : index;
        return at >= 0 && at < text.length() ? text.substring(at, at + 1) : null;
      }
      if (base instanceof ForLoop loop && (name.equals("previtem") || name.equals("nextitem"))) {
        context.setPropertyResolved(true);
        return LoopTag.neighbour(loop, name);
      }
      return base instanceof ForLoop ? super.getValue(context, base, property) : null;
    }
  }
}
