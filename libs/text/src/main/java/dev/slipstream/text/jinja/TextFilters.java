package dev.slipstream.text.jinja;

import static dev.slipstream.text.jinja.Filter.flag;
import static dev.slipstream.text.jinja.Filter.isAbsent;

import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.Str;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Filters of text. */
final class TextFilters {

  static final Map<String, Filter> FILTERS = new HashMap<>();

  private static final int WORD_LEEWAY = 5;

  private TextFilters() {}

  static {
    add("upper", (r, s, a) -> change(r, s, t -> t.toUpperCase(Locale.ROOT)));
    add("lower", (r, s, a) -> change(r, s, t -> t.toLowerCase(Locale.ROOT)));
    add("capitalize", (r, s, a) -> change(r, s, StringMethods::capitalize));
    add("title", (r, s, a) -> Str.of(change(r, s, TextFilters::title).text()));
    add("string", (r, s, a) -> string(r, s));
    add(
        "trim",
        (r, s, a) -> StringMethods.strip(r.budget(), string(r, s), a[0], true, true),
        "chars?");
    add("replace", TextFilters::replace, "old", "new", "count?");
    add("indent", (r, s, a) -> indent(r.budget(), s, a), "width?", "first?", "blank?");
    add("center", TextFilters::center, "width?");
    add(
        "truncate",
        (r, s, a) -> truncate(r.budget(), s, a),
        "length?",
        "killwords?",
        "end?",
        "leeway?");
    add("wordcount", (r, s, a) -> Int.of(wordCount(r.budget(), string(r, s).text())));
    add(
        "tojson",
        (r, s, a) -> Str.of(Json.dumps(r.budget(), s, a)),
        "ensure_ascii?",
        "indent?",
        "separators?",
        "sort_keys?");
    FILTERS.put("format", TextFilters::format);
  }

  private static void add(String name, Filter.Body body, String... parameters) {
    FILTERS.put(name, Filter.of(Signature.of(name, parameters), body));
  }

  /** What is no string yet becomes one. */
  static Str string(Rendering rendering, Value value) {
    return value instanceof Str s ? s : Str.of(Repr.text(rendering.budget(), value));
  }

  private interface Change {
    String of(String text);
  }

  private static Str change(Rendering rendering, Value subject, Change change) {
    Str text = string(rendering, subject);
    rendering.budget().characters(text.text().length());
    return text.like(change.of(text.text()));
  }

  /** Words start after spaces, hyphens and opening brackets. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      int word = at;
      while (at < text.length() && !startsWord(text.charAt(at))) {
        at++;
      }
      if (at > word) {
        int second = text.offsetByCodePoints(word, 1);
        out.append(text.substring(word, second).toUpperCase(Locale.ROOT))
            .append(text.substring(second, at).toLowerCase(Locale.ROOT));
      }
      while (at < text.length() && startsWord(text.charAt(at))) {
        out.append(text.charAt(at++));
      }
    }
    return out.toString();
  }

  private static boolean startsWord(char c) {
    return "-({[<".indexOf(c) >= 0 || Characters.isSpace(c);
  }

  private static Value replace(Rendering rendering, Value subject, Value[] a) {
    Budget budget = rendering.budget();
    int count = isAbsent(a[2]) ? -1 : Types.count(a[2]);
    return Str.of(
        Text.replace(
            budget,
            Repr.text(budget, subject),
            Repr.text(budget, a[0]),
            Repr.text(budget, a[1]),
            count));
  }

  private static Value indent(Budget budget, Value subject, Value[] a) {
    if (!(subject instanceof Str text)) {
      throw JinjaException.failure("indent: " + Types.name(subject) + " is no string");
    }
    String indent =
        a[0] instanceof Str s
            ? s.text()
            : Text.repeat(budget, " ", a[0] == null ? 4 : Types.count(a[0]));
    boolean blank = flag(a[2]);
    List<String> lines = StringSplitting.lines(budget, text.text() + "\n", false);
    StringBuilder out = new StringBuilder(flag(a[1]) ? indent : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean indented = i > 0 && (blank || !line.isEmpty());
      budget.text(line.length() + 1L + (indented ? indent.length() : 0));
      out.append(i == 0 ? "" : "\n").append(indented ? indent : "").append(line);
    }
    return text.like(out.toString());
  }

  private static Value center(Rendering rendering, Value subject, Value[] a) {
    Str text = string(rendering, subject);
    int width = a[0] == null ? 80 : Types.count(a[0]);
    return text.like(StringMethods.align(rendering.budget(), text.text(), width, '^', " "));
  }

  private static Value truncate(Budget budget, Value subject, Value[] a) {
    String end = a[2] == null ? "..." : Types.string(a[2], "truncate: end");
    int endLength = Text.length(budget, end);
    long length = a[0] == null ? 255 : Types.count(a[0]);
    long leeway = isAbsent(a[3]) ? WORD_LEEWAY : Types.count(a[3]);
    if (length < endLength || leeway < 0) {
      throw JinjaException.failure(
          "expected length >= %d, got %d; leeway >= 0, got %d"
              .formatted(endLength, length, leeway));
    }
    if (Types.length(budget, subject) <= length + leeway) {
      return subject;
    }
    Str text = new Str(Types.string(subject, "truncate: what is truncated"), false);
    int kept = (int) length - endLength;
    String cut = Text.slice(budget, text.text(), new Slice(0, 1, kept));
    if (!flag(a[1])) {
      cut = StringSplitting.splitFromEnd(budget, cut, " ", 1).getFirst();
    }
    return Str.of(cut + end);
  }

  private static int wordCount(Budget budget, String text) {
    budget.steps(text.length() / 4);
    int words = 0;
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean word = Characters.isWord(text.codePointAt(i));
      words += word && !inWord ? 1 : 0;
      inWord = word;
    }
    return words;
  }

  private static Value format(Rendering rendering, Value subject, Arguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw JinjaException.failure(
          "can't handle positional and keyword arguments at the same time");
    }
    Value values = new Value.Tuple(arguments.positional(), false);
    if (!arguments.named().isEmpty()) {
      Dict named = new Dict();
      arguments.named().forEach((name, v) -> named.put(rendering.budget(), Str.of(name), v));
      values = named;
    }
    return PrintfFormat.apply(rendering.budget(), string(rendering, subject), values);
  }
}
