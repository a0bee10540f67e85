package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Str;
import java.util.List;

/** str.format() as the sandbox of jinja2 has it: fields look for attributes as templates do. */
final class StringFormat {

  /** A field may be in the format of a field, and no deeper. */
  private static final int MAX_DEPTH = 2;

  private final Rendering rendering;
  private final Budget budget;
  private final boolean markup;
  private final List<Value> positional;
  private final Dict named;

  /** Number of the next field without one, or -1 if fields have numbers. */
  private int next;

  private boolean numbered;

  private StringFormat(Rendering rendering, boolean markup, List<Value> positional, Dict named) {
    this.rendering = rendering;
    this.budget = rendering.budget();
    this.markup = markup;
    this.positional = positional;
    this.named = named;
  }

  static Value format(Rendering rendering, Str self, Arguments arguments) {
    Dict named = new Dict();
    arguments.named().forEach((name, v) -> named.put(rendering.budget(), Str.of(name), v));
    var format = new StringFormat(rendering, self.markup(), arguments.positional(), named);
    return self.like(format.apply(self.text(), MAX_DEPTH));
  }

  static Value formatMap(Rendering rendering, Str self, Arguments arguments) {
    if (!(Signature.positional("format_map", "mapping").bind(arguments)[0] instanceof Dict dict)) {
      throw JinjaException.failure("format_map() takes a dict");
    }
    var format = new StringFormat(rendering, self.markup(), List.of(), dict);
    return self.like(format.apply(self.text(), MAX_DEPTH));
  }

  private String apply(String text, int depth) {
    if (depth == 0) {
      throw JinjaException.failure("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if ((c == '{' || c == '}') && text.startsWith(String.valueOf(c), at + 1)) {
        out.append(c);
        at += 2;
      } else if (c == '{') {
        int end = fieldEnd(text, at + 1);
        String field = field(text.substring(at + 1, end), depth);
        budget.text(field.length());
        out.append(field);
        at = end + 1;
      } else if (c == '}') {
        throw JinjaException.failure("Single '}' encountered in format string");
      } else {
        budget.text(1);
        out.append(c);
        at++;
      }
    }
    return out.toString();
  }

  /** Where the brace is that closes a field; those in an index of its name do not. */
  private int fieldEnd(String text, int start) {
    int open = 1;
    boolean inName = true;
    boolean inIndex = false;
    budget.scan(text.length() - start);
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (inIndex) {
        inIndex = c != ']';
        continue;
      }
      switch (c) {
        case '[' -> inIndex = inName;
        case ':', '!' -> inName = false;
        case '{' -> open++;
        case '}' -> open--;
        default -> {}
      }
      if (open == 0) {
        return i;
      }
    }
    throw JinjaException.failure(
        start == text.length()
            ? "Single '{' encountered in format string"
            : "expected '}' before end of string");
  }

  private String field(String field, int depth) {
    int end = nameEnd(field);
    Value value = value(field.substring(0, end));
    String rest = field.substring(end);
    if (rest.startsWith("!")) {
      if (rest.length() < 2 || rest.length() > 2 && rest.charAt(2) != ':') {
        throw JinjaException.failure("expected ':' after conversion specifier");
      }
      value = converted(value, rest.charAt(1));
      rest = rest.substring(2);
    }
    String spec = rest.isEmpty() ? "" : apply(rest.substring(1), depth - 1);
    if (!markup) {
      return FormatSpec.apply(budget, value, spec);
    }
    if (value instanceof Str s && s.markup()) {
      return s.text();
    }
    return Markup.escape(budget, FormatSpec.apply(budget, value, spec));
  }

  private static int nameEnd(String field) {
    int inIndex = 0;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      inIndex = c == '[' ? 1 : c == ']' ? 0 : inIndex;
      if (inIndex == 0 && (c == '!' || c == ':')) {
        return i;
      }
    }
    return field.length();
  }

  private Value converted(Value value, char conversion) {
    return switch (conversion) {
      case 's' -> Str.of(Repr.text(budget, value));
      case 'r' -> Str.of(Repr.of(budget, value));
      case 'a' -> Str.of(PrintfFormat.ascii(budget, value));
      default -> throw JinjaException.failure("Unknown conversion specifier '" + conversion + "'");
    };
  }

  /** The value that a name such as {@code 0.a[b]} stands for. */
  private Value value(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Value value = first(name.substring(0, end));
    while (end < name.length()) {
      boolean attribute = name.charAt(end) == '.';
      int from = ++end;
      while (end < name.length()
          && (attribute ? ".[".indexOf(name.charAt(end)) < 0 : name.charAt(end) != ']')) {
        end++;
      }
      String part = name.substring(from, end);
      if (part.isEmpty() || !attribute && end >= name.length()) {
        throw JinjaException.failure("Empty attribute in format string");
      }
      value =
          attribute
              ? Attributes.get(rendering, value, part)
              : Attributes.getItem(rendering, value, isNumber(part) ? number(part) : Str.of(part));
      end += attribute ? 0 : 1;
      if (!attribute && end < name.length() && ".[".indexOf(name.charAt(end)) < 0) {
        throw JinjaException.failure("Only '.' or '[' may follow ']' in format field specifier");
      }
    }
    return value;
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.length() < 10 && text.chars().allMatch(Character::isDigit);
  }

  private static Value.Int number(String text) {
    return Value.Int.of(Long.parseLong(text));
  }

  private Value first(String name) {
    if (name.isEmpty() || isNumber(name)) {
      boolean automatic = name.isEmpty();
      if (automatic ? numbered : next > 0) {
        throw JinjaException.failure(
            "cannot switch between manual field specification and automatic field numbering");
      }
      numbered |= !automatic;
      int index = automatic ? next++ : Integer.parseInt(name);
      if (index >= positional.size()) {
        throw JinjaException.failure(
            "Replacement index " + index + " out of range for positional args tuple");
      }
      return positional.get(index);
    }
    Value value = named.get(name);
    if (value == null) {
      throw JinjaException.failure(Repr.quote(name));
    }
    return value;
  }
}
