package dev.slipstream.text.jinja;

/** HTML as MarkupSafe has it: strings that count as escaped, and escape what joins them. */
final class Markup {
  private Markup() {}

  static String escape(Budget budget, String text) {
    budget.scan(4L * text.length());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '\'' -> out.append("&#39;");
        case '"' -> out.append("&#34;");
        default -> out.append(c);
      }
    }
    budget.text(out.length());
    return out.toString();
  }

  /** A value as escaped text. */
  static String escaped(Budget budget, Value value) {
    return value instanceof Value.Str s && s.markup()
        ? s.text()
        : escape(budget, Repr.text(budget, value));
  }

  /** What a method of a string takes an argument for: escaped if the string is markup. */
  static String argument(Budget budget, Value.Str self, Value argument, String use) {
    String text = Types.string(argument, use);
    return self.markup() ? escaped(budget, argument) : text;
  }

  /** Without tags, with single spaces, and with characters for what stands for them. */
  static String withoutTags(Budget budget, String text) {
    budget.text(text.length());
    StringBuilder out = new StringBuilder();
    int at = 0;
    for (int start; (start = text.indexOf('<', at)) >= 0; ) {
      boolean comment = text.startsWith("<!--", start);
      int end = comment ? text.indexOf("-->", start + 4) : text.indexOf('>', start);
      if (end < 0) {
        break;
      }
      out.append(text, at, start);
      at = end + (comment ? 3 : 1);
    }
    out.append(text, at, text.length());
    String spaced = String.join(" ", StringSplitting.words(budget, out.toString(), -1));
    return HtmlEntities.unescape(budget, spaced);
  }
}
