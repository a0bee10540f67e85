package dev.slipstream.text.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.Collection;
import java.util.Map;

/**
 * The filter {@code tojson}, with the spacing of Python's json.dumps and non-ASCII text as it is.
 */
final class ToJson implements Filter {

  private static final int MAX_DEPTH = 64;

  @Override
  public String getName() {
    return "tojson";
  }

  @Override
  public Object filter(
      Object value, JinjavaInterpreter interpreter, Object[] args, Map<String, Object> named) {
    Object indent = named.getOrDefault("indent", args.length > 0 ? args[0] : null);
    StringBuilder out = new StringBuilder();
    write(value, indent instanceof Number n ? n.intValue() : -1, 0, out);
    return out.toString();
  }

  @Override
  public Object filter(Object value, JinjavaInterpreter interpreter, String... args) {
    StringBuilder out = new StringBuilder();
    write(value, args.length > 0 ? Integer.parseInt(args[0]) : -1, 0, out);
    return out.toString();
  }

  private static void write(Object value, int indent, int depth, StringBuilder out) {
    if (depth > MAX_DEPTH) {
      throw new ChatTemplateException("tojson: nested more than " + MAX_DEPTH + " levels deep");
    }
    switch (value) {
      case null -> out.append("null");
      case Boolean b -> out.append(b);
      case Number n -> out.append(n);
      case Map<?, ?> map -> writeMap(map, indent, depth, out);
      case Collection<?> list -> writeList(list, indent, depth, out);
      default -> writeString(value.toString(), out);
    }
  }

  private static void writeMap(Map<?, ?> map, int indent, int depth, StringBuilder out) {
    out.append('{');
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      separate(first, indent, depth + 1, out);
      first = false;
      writeString(String.valueOf(entry.getKey()), out);
      out.append(": ");
      write(entry.getValue(), indent, depth + 1, out);
    }
    close(first, indent, depth, out);
    out.append('}');
  }

  private static void writeList(Collection<?> list, int indent, int depth, StringBuilder out) {
    out.append('[');
    boolean first = true;
    for (Object element : list) {
      separate(first, indent, depth + 1, out);
      first = false;
      write(element, indent, depth + 1, out);
    }
    close(first, indent, depth, out);
    out.append(']');
  }

  private static void separate(boolean first, int indent, int depth, StringBuilder out) {
    if (!first) {
      out.append(indent < 0 ? ", " : ",");
    }
    if (indent >= 0) {
      out.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private static void close(boolean empty, int indent, int depth, StringBuilder out) {
    if (!empty && indent >= 0) {
      out.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private static void writeString(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> out.append(c < ' ' ? "\\u%04x".formatted((int) c) : String.valueOf(c));
      }
    }
    out.append('"');
  }
}
