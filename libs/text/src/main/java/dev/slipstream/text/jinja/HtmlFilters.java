package dev.slipstream.text.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.slipstream.text.jinja.Value.Str;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Filters for HTML and addresses. */
final class HtmlFilters {

  private static final Filter ESCAPE =
      Filter.of(Signature.of("escape"), (r, s, a) -> new Str(Markup.escaped(r.budget(), s), true));

  static final Map<String, Filter> FILTERS =
      Map.of(
          "escape", ESCAPE,
          "e", ESCAPE,
          "forceescape",
              Filter.of(
                  Signature.of("forceescape"),
                  (r, s, a) -> new Str(Markup.escape(r.budget(), Repr.text(r.budget(), s)), true)),
          "safe",
              Filter.of(Signature.of("safe"), (r, s, a) -> new Str(Repr.text(r.budget(), s), true)),
          "striptags",
              Filter.of(
                  Signature.of("striptags"),
                  (r, s, a) -> Str.of(Markup.withoutTags(r.budget(), Repr.text(r.budget(), s)))),
          "xmlattr", Filter.of(Signature.of("xmlattr", "autospace?"), HtmlFilters::attributes),
          "urlencode", Filter.of(Signature.of("urlencode"), (r, s, a) -> encode(r.budget(), s)));

  private HtmlFilters() {}

  private static Value attributes(Rendering rendering, Value subject, Value[] a) {
    Budget budget = rendering.budget();
    if (!(subject instanceof Dict dict)) {
      throw JinjaException.failure("xmlattr: " + Types.name(subject) + " is no mapping");
    }
    List<String> parts = new ArrayList<>();
    for (Dict.Entry entry : dict.entries()) {
      if (entry.value() == Value.None.NONE || entry.value() instanceof Value.Undefined) {
        continue;
      }
      String key = Types.string(entry.key(), "xmlattr: an attribute name");
      if (key.chars().anyMatch(c -> " \t\n\r\f\u000b/>=".indexOf(c) >= 0)) {
        throw JinjaException.failure("Invalid character in attribute name: " + Repr.quote(key));
      }
      String value = Markup.escaped(budget, entry.value());
      parts.add(Markup.escape(budget, key) + "=\"" + value + "\"");
    }
    String joined = String.join(" ", parts);
    budget.text(joined.length());
    boolean spaced = (a[0] == null || Types.truth(a[0])) && !joined.isEmpty();
    return Str.of(spaced ? " " + joined : joined);
  }

  private static Value encode(Budget budget, Value subject) {
    if (subject instanceof Str || !Source.isIterable(subject)) {
      return Str.of(quote(budget, subject, false));
    }
    Value pairs =
        subject instanceof Dict dict ? new Value.View(Value.View.Part.ITEMS, dict) : subject;
    List<String> parts = new ArrayList<>();
    Source source = Source.of(budget, pairs);
    for (Value pair; (pair = source.next()) != null; ) {
      List<Value> items = Source.list(budget, pair);
      if (items.size() != 2) {
        throw JinjaException.failure("urlencode: pairs have two items, not " + items.size());
      }
      parts.add(quote(budget, items.get(0), true) + "=" + quote(budget, items.get(1), true));
    }
    String joined = String.join("&", parts);
    budget.text(joined.length());
    return Str.of(joined);
  }

  private static String quote(Budget budget, Value value, boolean inQuery) {
    StringBuilder out = new StringBuilder();
    String text = Repr.text(budget, value);
    budget.text(9L * text.length());
    for (byte b : text.getBytes(UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0);
      if (plain || c == '/' && !inQuery) {
        out.append(c);
      } else if (c == ' ' && inQuery) {
        out.append('+');
      } else {
        out.append("%%%02X".formatted((int) c));
      }
    }
    return out.toString();
  }
}
