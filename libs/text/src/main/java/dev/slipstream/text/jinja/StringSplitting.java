package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Str;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods of str that take it apart or put strings together. */
final class StringSplitting {

  static final Map<String, Method<Str>> METHODS =
      Map.of(
          "split",
          new Method<>(
              Signature.of("split", "sep?", "maxsplit?"), (b, s, a) -> split(b, s, a, false)),
          "rsplit",
          new Method<>(
              Signature.of("rsplit", "sep?", "maxsplit?"), (b, s, a) -> split(b, s, a, true)),
          "splitlines",
          new Method<>(Signature.of("splitlines", "keepends?"), StringSplitting::splitLines),
          "partition",
          new Method<>(
              Signature.positional("partition", "sep"), (b, s, a) -> partition(b, s, a[0], false)),
          "rpartition",
          new Method<>(
              Signature.positional("rpartition", "sep"), (b, s, a) -> partition(b, s, a[0], true)),
          "join",
          new Method<>(Signature.positional("join", "iterable"), StringSplitting::join));

  private StringSplitting() {}

  private static Value split(Budget budget, Str self, Value[] a, boolean fromEnd) {
    int limit = a[1] == null ? -1 : Types.count(a[1]);
    boolean space = a[0] == null || a[0] == Value.None.NONE;
    String separator = space ? null : Types.string(a[0], "the separator");
    if (separator != null && separator.isEmpty()) {
      throw JinjaException.failure("empty separator");
    }
    List<String> parts =
        fromEnd
            ? splitFromEnd(budget, self.text(), separator, limit)
            : split(budget, self.text(), separator, limit);
    return strings(budget, self, parts);
  }

  private static Value strings(Budget budget, Str like, List<String> parts) {
    budget.slots(parts.size());
    List<Value> values = new ArrayList<>(parts.size());
    parts.forEach(part -> values.add(like.like(part)));
    return new Value.ListValue(values);
  }

  private static List<String> split(
      Budget budget, String text, @Nullable String separator, int limit) {
    return separator == null ? words(budget, text, limit) : parts(budget, text, separator, limit);
  }

  static List<String> splitFromEnd(
      Budget budget, String text, @Nullable String separator, int limit) {
    List<String> parts = new ArrayList<>();
    String reversed = separator == null ? null : Text.reverse(budget, separator);
    for (String part : split(budget, Text.reverse(budget, text), reversed, limit)) {
      parts.add(Text.reverse(budget, part));
    }
    Collections.reverse(parts);
    return parts;
  }

  private static List<String> parts(Budget budget, String text, String separator, int limit) {
    List<String> parts = new ArrayList<>();
    int[] done = {0};
    Text.findAll(
        budget,
        text,
        separator,
        limit < 0 ? Integer.MAX_VALUE : limit,
        at -> {
          budget.slots(1);
          parts.add(text.substring(done[0], at));
          done[0] = at + separator.length();
        });
    budget.text(text.length());
    parts.add(text.substring(done[0]));
    return parts;
  }

  /** What is between white space. */
  static List<String> words(Budget budget, String text, int limit) {
    budget.text(text.length());
    budget.steps(text.length() / 4);
    List<String> words = new ArrayList<>();
    int at = afterSpace(text, 0);
    while (at < text.length()) {
      budget.slots(1);
      if (limit >= 0 && words.size() >= limit) {
        words.add(text.substring(at));
        break;
      }
      int end = at;
      while (end < text.length() && !Characters.isSpace(text.charAt(end))) {
        end++;
      }
      words.add(text.substring(at, end));
      at = afterSpace(text, end);
    }
    return words;
  }

  private static int afterSpace(String text, int from) {
    int at = from;
    while (at < text.length() && Characters.isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static Value splitLines(Budget budget, Str self, Value[] a) {
    boolean keepEnds = a[0] != null && Types.truth(a[0]);
    return strings(budget, self, lines(budget, self.text(), keepEnds));
  }

  static List<String> lines(Budget budget, String text, boolean keepEnds) {
    budget.text(text.length());
    budget.steps(text.length() / 4);
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int at = 0; at < text.length(); at++) {
      if (Characters.isLineEnd(text.charAt(at))) {
        budget.slots(1);
        int end = at;
        at += text.startsWith("\r\n", at) ? 1 : 0;
        lines.add(text.substring(start, keepEnds ? at + 1 : end));
        start = at + 1;
      }
    }
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return lines;
  }

  private static Value partition(Budget budget, Str self, Value by, boolean last) {
    String separator = Types.string(by, "the separator");
    if (separator.isEmpty()) {
      throw JinjaException.failure("empty separator");
    }
    String text = self.text();
    budget.text(text.length());
    int at =
        last
            ? Text.findLast(budget, text, separator, text.length())
            : Text.find(budget, text, separator, 0);
    if (at < 0) {
      Str empty = self.like("");
      return last ? Value.Tuple.of(empty, empty, self) : Value.Tuple.of(self, empty, empty);
    }
    return Value.Tuple.of(
        self.like(text.substring(0, at)),
        self.like(separator),
        self.like(text.substring(at + separator.length())));
  }

  private static Value join(Budget budget, Str self, Value[] a) {
    if (!Source.isIterable(a[0])) {
      throw JinjaException.failure("can only join an iterable");
    }
    StringBuilder out = new StringBuilder();
    Source items = Source.of(budget, a[0]);
    int count = 0;
    for (Value item; (item = items.next()) != null; count++) {
      if (!self.markup() && !(item instanceof Str)) {
        throw JinjaException.failure(
            "sequence item %d: expected str instance, %s found".formatted(count, Types.name(item)));
      }
      String text = self.markup() ? Markup.escaped(budget, item) : ((Str) item).text();
      String separator = count == 0 ? "" : self.text();
      budget.text((long) separator.length() + text.length());
      out.append(separator).append(text);
    }
    return self.like(out.toString());
  }
}
