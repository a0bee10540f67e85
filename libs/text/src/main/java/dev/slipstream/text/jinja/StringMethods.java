package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Bool;
import dev.slipstream.text.jinja.Value.Int;
import dev.slipstream.text.jinja.Value.Str;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods of str, but those that split, join and classify. */
final class StringMethods {

  private static final Map<String, Method<Str>> METHODS = new HashMap<>();

  private StringMethods() {}

  static {
    METHODS.putAll(StringSplitting.METHODS);
    METHODS.putAll(StringClasses.METHODS);
    changingCase();
    stripping();
    aligning();
    searching();
  }

  /** A method, or null. */
  static Value.@Nullable Function find(Str self, String name) {
    if (name.equals("format")) {
      return new Value.Function(name, (r, a) -> StringFormat.format(r, self, a));
    }
    if (name.equals("format_map")) {
      return new Value.Function(name, (r, a) -> StringFormat.formatMap(r, self, a));
    }
    return Method.find(METHODS, self, name);
  }

  private static void add(String name, Method.Body<Str> body, String... parameters) {
    METHODS.put(name, new Method<>(Signature.positional(name, parameters), body));
  }

  private interface Change {
    String of(String text);
  }

  private static void change(String name, Change change) {
    add(
        name,
        (budget, self, a) -> {
          budget.characters(self.text().length());
          return self.like(change.of(self.text()));
        });
  }

  private static void changingCase() {
    change("upper", text -> text.toUpperCase(Locale.ROOT));
    change("lower", text -> text.toLowerCase(Locale.ROOT));
    change("capitalize", StringMethods::capitalize);
    change("title", StringMethods::title);
    change("swapcase", StringMethods::swapCase);
    change("casefold", StringMethods::foldCase);
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    int lowered = Character.toString(first).toLowerCase(Locale.ROOT).length();
    return Characters.title(first) + text.toLowerCase(Locale.ROOT).substring(lowered);
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (!inWord) {
        out.append(Characters.title(c));
      } else if (c == 'Σ') {
        boolean ends = next >= text.length() || !Characters.isCased(text.codePointAt(next));
        out.append(ends ? 'ς' : 'σ');
      } else {
        out.append(Character.toString(c).toLowerCase(Locale.ROOT));
      }
      inWord = Characters.isCased(c);
      i = next;
    }
    return out.toString();
  }

  private static String swapCase(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              String character = Character.toString(c);
              out.append(
                  Character.isUpperCase(c)
                      ? character.toLowerCase(Locale.ROOT)
                      : Character.isLowerCase(c) ? character.toUpperCase(Locale.ROOT) : character);
            });
    return out.toString();
  }

  private static String foldCase(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .map(Character::toLowerCase)
        .mapToObj(c -> Character.toString(c).toUpperCase(Locale.ROOT))
        .flatMapToInt(String::codePoints)
        .mapToObj(c -> Character.toString(c).toLowerCase(Locale.ROOT))
        .forEach(out::append);
    return out.toString();
  }

  private static void stripping() {
    strip("strip", true, true);
    strip("lstrip", true, false);
    strip("rstrip", false, true);
    add(
        "removeprefix",
        (budget, self, a) -> {
          String prefix = Types.string(a[0], "prefix");
          budget.text(self.text().length());
          return self.text().startsWith(prefix)
              ? self.like(self.text().substring(prefix.length()))
              : self;
        },
        "prefix");
    add(
        "removesuffix",
        (budget, self, a) -> {
          String suffix = Types.string(a[0], "suffix");
          budget.text(self.text().length());
          return self.text().endsWith(suffix)
              ? self.like(self.text().substring(0, self.text().length() - suffix.length()))
              : self;
        },
        "suffix");
  }

  private static void strip(String name, boolean left, boolean right) {
    add(name, (budget, self, a) -> strip(budget, self, a[0], left, right), "chars?");
  }

  /**
   * @param characters what to take off; null or None for white space
   */
  static Str strip(
      Budget budget, Str self, @Nullable Value characters, boolean left, boolean right) {
    String set =
        characters == null || characters == Value.None.NONE
            ? null
            : Types.string(characters, "strip arg");
    return self.like(Text.strip(budget, self.text(), set, left, right));
  }

  private static void aligning() {
    align("ljust", '<');
    align("rjust", '>');
    align("center", '^');
    add("zfill", (budget, self, a) -> zeroFill(budget, self, Types.count(a[0])), "width");
    METHODS.put(
        "expandtabs",
        new Method<>(
            Signature.of("expandtabs", "tabsize?"),
            (budget, self, a) ->
                self.like(expandTabs(budget, self.text(), a[0] == null ? 8 : Types.count(a[0])))));
  }

  private static void align(String name, char side) {
    add(
        name,
        (budget, self, a) -> {
          String fill = a[1] == null ? " " : Types.string(a[1], "the fill character");
          if (fill.codePointCount(0, fill.length()) != 1) {
            throw JinjaException.failure("The fill character must be exactly one character long");
          }
          String text = align(budget, self.text(), Types.count(a[0]), side, fill);
          return self.like(text);
        },
        "width",
        "fillchar?");
  }

  static String align(Budget budget, String text, int width, char side, String fill) {
    int length = Text.length(budget, text);
    int missing = Math.max(0, width) - length;
    if (missing <= 0) {
      return text;
    }
    int left =
        switch (side) {
          case '<' -> 0;
          case '>' -> missing;
          default -> missing / 2 + (missing & width & 1);
        };
    String before = Text.repeat(budget, fill, left);
    String after = Text.repeat(budget, fill, missing - left);
    budget.text((long) before.length() + text.length() + after.length());
    return before + text + after;
  }

  private static Value zeroFill(Budget budget, Str self, int width) {
    String text = self.text();
    String sign = text.startsWith("-") || text.startsWith("+") ? text.substring(0, 1) : "";
    String digits = text.substring(sign.length());
    return self.like(sign + align(budget, digits, Math.max(0, width) - sign.length(), '>', "0"));
  }

  private static String expandTabs(Budget budget, String text, int size) {
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (c == '\t') {
        int spaces = size > 0 ? size - column % size : 0;
        out.append(Text.repeat(budget, " ", spaces));
        column += spaces;
      } else {
        budget.text(1);
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
      i += Character.charCount(c);
    }
    return out.toString();
  }

  private static void searching() {
    add("replace", StringMethods::replace, "old", "new", "count?");
    add("find", (b, self, a) -> Int.of(find(b, self, a, false)), "sub", "start?", "end?");
    add("rfind", (b, self, a) -> Int.of(find(b, self, a, true)), "sub", "start?", "end?");
    add("index", (b, self, a) -> found(find(b, self, a, false)), "sub", "start?", "end?");
    add("rindex", (b, self, a) -> found(find(b, self, a, true)), "sub", "start?", "end?");
    add("count", StringMethods::count, "sub", "start?", "end?");
    add("startswith", (b, self, a) -> Bool.of(begins(b, self, a, true)), "p", "start?", "end?");
    add("endswith", (b, self, a) -> Bool.of(begins(b, self, a, false)), "s", "start?", "end?");
  }

  private static Value replace(Budget budget, Str self, Value[] a) {
    String old = Types.string(a[0], "replace() argument 1");
    String by = Markup.argument(budget, self, a[1], "replace() argument 2");
    int count = a[2] == null ? -1 : Types.count(a[2]);
    return self.like(Text.replace(budget, self.text(), old, by, count));
  }

  /** A part of a string between two bounds, and where it starts; null if they are crossed. */
  private record Part(String text, int start) {
    static @Nullable Part of(Budget budget, Str self, @Nullable Value start, @Nullable Value end) {
      if (start == null) {
        return new Part(self.text(), 0);
      }
      int length = Text.length(budget, self.text());
      int from = bound(start, 0, length);
      int to = Math.min(bound(end, length, length), length);
      if (from > to) {
        return null;
      }
      return new Part(Text.slice(budget, self.text(), new Slice(from, 1, to - from)), from);
    }

    private static int bound(@Nullable Value given, int absent, int length) {
      if (given == null || given == Value.None.NONE) {
        return absent;
      }
      int bound = Types.count(given);
      return bound < 0 ? Math.max(0, bound + length) : bound;
    }
  }

  private static int find(Budget budget, Str self, Value[] a, boolean last) {
    String sub = Types.string(a[0], "argument");
    Part part = Part.of(budget, self, a[1], a[2]);
    if (part == null) {
      return -1;
    }
    String text = part.text();
    int at =
        last ? Text.findLast(budget, text, sub, text.length()) : Text.find(budget, text, sub, 0);
    return at < 0 ? -1 : part.start() + Text.index(budget, text, at);
  }

  private static Value found(int index) {
    if (index < 0) {
      throw JinjaException.failure("substring not found");
    }
    return Int.of(index);
  }

  private static Value count(Budget budget, Str self, Value[] a) {
    String sub = Types.string(a[0], "argument");
    Part part = Part.of(budget, self, a[1], a[2]);
    if (part == null) {
      return Int.of(0);
    }
    if (sub.isEmpty()) {
      return Int.of(Text.length(budget, part.text()) + 1L);
    }
    int[] count = {0};
    Text.findAll(budget, part.text(), sub, Integer.MAX_VALUE, at -> count[0]++);
    return Int.of(count[0]);
  }

  private static boolean begins(Budget budget, Str self, Value[] a, boolean start) {
    Part part = Part.of(budget, self, a[1], a[2]);
    if (a[0] instanceof Value.Tuple options) {
      boolean found = false;
      for (Value option : options.items()) {
        found |= begins(budget, part, Types.string(option, "tuple items"), start);
      }
      return found;
    }
    String use = (start ? "starts" : "ends") + "with first arg";
    return begins(budget, part, Types.string(a[0], use), start);
  }

  private static boolean begins(Budget budget, @Nullable Part part, String affix, boolean start) {
    budget.scan(affix.length());
    return part != null && (start ? part.text().startsWith(affix) : part.text().endsWith(affix));
  }
}
