package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/** Makes templates by jinja2's grammar: mostly sensible ones, and some with mistakes. */
final class GeneratedTemplates {

  private static final String[] TEXTS = {
    "", "a", "b c", " x ", "\n", "  \n  ", "user", "é😀", "1", "Ab-cD", "a,b,,c", "\\t", "<&>"
  };

  private static final String[] STRING_FILTERS = {
    "upper",
    "lower",
    "trim",
    "title",
    "capitalize",
    "string",
    "replace('a', 'b')",
    "trim('a ')",
    "indent",
    "indent(2, true)",
    "default('d')",
    "default('d', true)",
    "reverse",
    "e",
    "safe",
    "tojson",
    "truncate(5, true, '')",
    "center(6)",
    "urlencode",
    "replace('', '.', 2)",
    "first",
    "last",
    "int|string",
    "d",
    "striptags",
    "wordcount|string",
    "format"
  };

  private static final String[] STRING_METHODS = {
    "upper()",
    "lower()",
    "strip()",
    "lstrip()",
    "rstrip('a')",
    "title()",
    "capitalize()",
    "replace('a', 'z')",
    "replace('', '-', 1)",
    "swapcase()",
    "zfill(4)",
    "center(7, '*')",
    "ljust(3)",
    "rjust(3)",
    "removeprefix('a')",
    "removesuffix('c')",
    "format(1, x=2)",
    "casefold()",
    "partition(' ')[0]",
    "rpartition('b')[2]",
    "split()|join('+')",
    "split(',', 1)[0]",
    "rsplit(' ', 1)[-1]",
    "splitlines()|join('/')",
    "join(['p', 'q'])",
    "expandtabs(2)"
  };

  private static final String[] LIST_FILTERS = {
    "list",
    "sort",
    "reverse|list",
    "unique|list",
    "select|list",
    "reject|list",
    "map('string')|list",
    "select('string')|list",
    "batch(2)|list",
    "slice(2)|list",
    "sort(reverse=true)",
    "map('upper')|list",
    "select('defined')|list",
    "reject('none')|list",
    "map('default', 1)|list",
    "map('length')|list",
    "sort(case_sensitive=true)",
    "select('in', [1, 'a'])|list"
  };

  private static final String[] SCALAR_FILTERS = {
    "length",
    "first",
    "last",
    "min",
    "max",
    "sum",
    "join",
    "join(', ')",
    "tojson",
    "tojson(indent=2)",
    "tojson(sort_keys=true)",
    "string",
    "count",
    "list|tojson(separators=(',', ':'))"
  };

  private static final String[] TESTS = {
    "defined",
    "undefined",
    "none",
    "string",
    "number",
    "integer",
    "float",
    "mapping",
    "sequence",
    "iterable",
    "boolean",
    "true",
    "false",
    "odd",
    "even",
    "lower",
    "upper",
    "callable",
    "eq 1",
    "in [1, 'a', none]",
    "divisibleby 2",
    "sameas none",
    "ne('a')",
    "lt 3",
    "ge(1)",
    "escaped"
  };

  private static final String[] SAFE_TESTS = {
    "defined", "undefined", "none", "string", "number", "integer", "float", "mapping", "sequence",
    "iterable", "boolean", "true", "false", "eq 1", "sameas none", "ne('a')", "escaped", "callable"
  };

  private static final String[] NAMES = {
    "s", "t", "n", "f", "xs", "ys", "d", "flag", "nothing", "v"
  };

  private final Random random;
  private final List<String> locals = new ArrayList<>();
  private int depth;
  private int loops;

  GeneratedTemplates(long seed) {
    this.random = new Random(seed);
  }

  Jinja2.Request next() {
    locals.clear();
    depth = 0;
    loops = 0;
    return new Jinja2.Request(body(), variables());
  }

  private Map<String, Object> variables() {
    Map<String, Object> given = new HashMap<>();
    given.put("s", any(TEXTS).replace("\\t", "\t"));
    given.put("t", any("system", "user", "tool\u001b", "A b", "äöü 😀"));
    given.put("n", random.nextInt(7) - 2);
    given.put("f", (random.nextInt(40) - 10) / 4.0);
    given.put(
        "xs",
        any(List.of(), List.of(3, 1, 2), List.of("b", "A", "c"), Arrays.asList(1, "a", null)));
    given.put(
        "ys", any(List.of(List.of(1, 2), List.of(3, 4)), List.of("ab", "cd"), List.of(1.5, 2)));
    given.put("d", any(Map.of(), Conversations.ordered("b", 1, "a", "x", "items", List.of(1))));
    given.put("flag", random.nextBoolean());
    given.put("nothing", null);
    given.put(
        "messages",
        any(
            List.of(),
            List.of(Conversations.ordered("role", "user", "content", any(TEXTS))),
            List.of(
                Conversations.ordered("role", "system", "content", "S"),
                Conversations.ordered("role", "user", "content", " U\n"),
                Conversations.ordered("role", "assistant", "content", "<think>x</think>A"))));
    return given;
  }

  @SafeVarargs
  private <T> T any(T... choices) {
    return choices[random.nextInt(choices.length)];
  }

  @SafeVarargs
  private String oneOf(Supplier<String>... choices) {
    depth++;
    String made = any(choices).get();
    depth--;
    return made;
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  private String body() {
    StringBuilder out = new StringBuilder();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      out.append(depth > 3 ? print() : statement());
      if (chance(60)) {
        out.append(any("\n", "  ", "\n  ", "x", " y\n", "\r\n", "\t", "\n\n", "{ ", "é"));
      }
    }
    return out.toString();
  }

  private String statement() {
    return oneOf(
        this::print,
        this::print,
        this::condition,
        this::loop,
        this::loop,
        this::assignment,
        this::assignment,
        this::namespace,
        this::macro,
        this::block,
        this::jump,
        () -> any("{# c #}", "{#- c -#}", "{# c\n#}\n", "{% raw %}{{ x }}{% endraw %}"));
  }

  private String tag(String code) {
    return "{%" + any("", "", "-", "+") + " " + code + " " + any("", "", "-", "+") + "%}";
  }

  private String print() {
    return "{{" + any("", "", "-") + " " + expression() + " " + any("", "", "-") + "}}";
  }

  private String condition() {
    String out = tag("if " + expression()) + body();
    if (chance(30)) {
      out += tag("elif " + expression()) + body();
    }
    return out + (chance(50) ? tag("else") + body() : "") + tag("endif");
  }

  private String loop() {
    String name = any("x", "y", "m", "v");
    boolean pair = chance(10);
    String items = pair ? any("ys", "d.items()", "d|dictsort") : list();
    String target = pair ? "x, " + name : name;
    String test = chance(25) ? " if " + expression() : "";
    String recursive = chance(5) ? " recursive" : "";
    locals.add(name);
    loops++;
    String inner = body() + (chance(30) ? "{{ " + loopVariable() + " }}" : "");
    loops--;
    locals.removeLast();
    return tag("for " + target + " in " + items + test + recursive)
        + inner
        + (chance(25) ? tag("else") + body() : "")
        + tag("endfor");
  }

  private String loopVariable() {
    return "loop."
        + any(
            "index",
            "index0",
            "first",
            "last",
            "length",
            "revindex",
            "revindex0",
            "depth",
            "previtem",
            "nextitem",
            "cycle('a', 'b')",
            "changed(v)",
            "nextitem is defined");
  }

  private String assignment() {
    String name = any("v", "w", "s", "n");
    String out =
        chance(20)
            ? tag("set " + name + any("", " | upper", " | replace('a', s)"))
                + body()
                + tag("endset")
            : chance(10)
                ? tag("set v, w = " + expression() + ", " + expression())
                : tag("set " + name + " = " + expression());
    locals.add(name);
    return out;
  }

  private String namespace() {
    return tag("set ns = namespace(c=0, l=[])")
        + tag("for i in " + any("xs", "range(3)", "t"))
        + tag(any("set ns.c = ns.c + 1", "set ns.l = ns.l + [i]", "set ns.c = i"))
        + tag("endfor")
        + "{{ ns.c }}{{ ns.l }}";
  }

  private String macro() {
    String name = any("f1", "f2");
    String parameters = any("", "a", "a, b=1", "a='q', b=a", "v");
    String out =
        tag("macro " + name + "(" + parameters + ")")
            + any("{{ a }}{{ b }}", "{{ v }}", "{{ varargs }}{{ kwargs }}", "[{{ caller() }}]", "")
            + body()
            + tag("endmacro");
    String arguments = any("", expression(), expression() + ", b=" + expression(), "a=" + scalar());
    return chance(25)
        ? out + tag("call " + name + "(" + arguments + ")") + body() + tag("endcall")
        : out + "{{ " + name + "(" + arguments + ") }}";
  }

  private String block() {
    return oneOf(
        () -> tag("with v = " + expression()) + body() + tag("endwith"),
        () ->
            tag("filter " + any("upper", "trim", "replace('a', 'b')")) + body() + tag("endfilter"),
        () -> tag("generation") + body() + tag("endgeneration"));
  }

  private String jump() {
    return loops == 0
        ? print()
        : tag("if " + expression()) + tag(any("break", "continue")) + tag("endif");
  }

  /** Mostly of operands that fit; now and then of any, which mostly is an error. */
  private String expression() {
    if (depth > 6) {
      return scalar();
    }
    return chance(3)
        ? oneOf(this::mistaken, this::rare)
        : oneOf(
            this::scalar,
            this::string,
            this::string,
            this::number,
            this::truth,
            this::truth,
            () -> list() + "|" + any("list", "length", "tojson", "join(', ')", "first", "last"),
            this::lookup,
            () -> "(" + expression() + " if " + truth() + any("", " else " + expression()) + ")",
            () -> "(" + expression() + ")|" + any("string", "tojson", "default('q')", "e", "int"),
            () -> "[" + expression() + ", " + expression() + "]",
            () -> "{'k': " + expression() + ", n: 2}",
            () -> expression() + any(" and ", " or ") + expression(),
            () -> expression() + " ~ " + expression());
  }

  private String mistaken() {
    return oneOf(
        () -> list() + "|" + any(SCALAR_FILTERS),
        () -> "(" + expression() + ")|" + any(STRING_FILTERS),
        () -> expression() + " " + any("+", "-", "*", "/", "//", "%") + " " + expression(),
        () -> expression() + " " + any("<", ">=", "in", "not in") + " " + expression(),
        () -> "(" + expression() + ") is " + any(TESTS),
        () -> "(" + expression() + ")" + any(".x", "[0]", "['a']", "()", "[1:]", "|sum", "|sort"));
  }

  private String number() {
    if (depth > 6) {
      return any("n", "3");
    }
    return oneOf(
        () -> "n",
        () -> "f",
        () -> String.valueOf(random.nextInt(12)),
        () -> any("1.5", "-2", "0.25", "1e3"),
        () -> number() + " " + any("+", "-", "*") + " " + number(),
        () -> number() + " " + any("/", "//", "%") + " " + any("2", "3", "-4", "2.5"),
        () -> "(" + number() + ") ** 2",
        () ->
            "("
                + number()
                + ")|"
                + any("abs", "round", "round(1)", "int", "float", "round(1, 'floor')"),
        () -> list() + "|length",
        () ->
            "("
                + string()
                + ")"
                + any("|length", ".count('a')", ".find('b')", "|wordcount", "|int"),
        () -> "[" + number() + ", " + number() + "]|" + any("sum", "max", "min", "first"),
        () -> loops > 0 ? any("loop.index", "loop.revindex0", "loop.length", "loop.depth0") : "n");
  }

  private String truth() {
    if (depth > 6) {
      return "flag";
    }
    return oneOf(
        () -> "flag",
        () -> any("true", "false", "nothing is none", "unknown is defined"),
        () -> number() + " " + any("==", "!=", "<", ">=") + " " + number(),
        () -> string() + " " + any("==", "!=", "<", ">=", "in", "not in") + " " + string(),
        () -> scalar() + " " + any("in", "not in") + " " + list(),
        () -> number() + " < " + number() + any(" < ", " == ") + number(),
        () -> "not " + truth(),
        () -> "(" + expression() + ") is " + any("", "not ") + any(SAFE_TESTS),
        () -> number() + " is " + any("odd", "even", "divisibleby 2", "eq 1", "lt 3"),
        () -> expression() + " " + any("==", "!=") + " " + expression(),
        () ->
            "("
                + string()
                + ")."
                + any("startswith('a')", "endswith('c')", "isdigit()", "islower()"),
        () -> loops > 0 ? any("loop.first", "loop.last", "loop.changed(n)") : "flag");
  }

  private String rare() {
    return any(
        "unknown.x",
        "raise_exception('no ' ~ s)",
        "xs.index(1)",
        "messages[0].role",
        "loop.index",
        "nothing.x",
        "xs[0].x",
        "'%d' % s",
        "range(s)",
        "[].append(1)",
        "f1()",
        "{}.pop");
  }

  private String lookup() {
    return any(
        "messages[-1]['content']",
        "messages[0]",
        "d.a",
        "d['b']",
        "xs[0]",
        "xs[-1]",
        "s[0]",
        "t[1:]",
        "xs[::-1]",
        "t[-2:]",
        "xs[5]",
        "unknown",
        "d.nope",
        "messages|length",
        "messages|selectattr('role', 'equalto', 'user')|list|length",
        "messages|map(attribute='role')|join(',')",
        "messages|rejectattr('content')|list",
        "ys|map('first')|list",
        "messages|groupby('role')|map('first')|list",
        "'%s-%s'|format(s, n)",
        "'%d' % n",
        "'%5.1f|%-4s|%05d|%x' % (f, t, n, 17)",
        "'{} {:>4} {:.2f} {!r}'.format(t, n, f, s)",
        "strftime_now('%d %b %Y')",
        "t.split()",
        "namespace(a=n).a",
        "dict(a=s)",
        "range(n)|list",
        "xs.count('a')",
        "s.partition(' ')",
        "d.keys()|list",
        "d.values()|list",
        "d.items()|list",
        "d|items|list",
        "d|dictsort",
        "d.get('a')",
        "d.get('q', 5)",
        "d|length",
        "d|tojson(sort_keys=true)",
        "d",
        "xs",
        "ys",
        "messages|selectattr('role', 'in', ['user', 'tool'])|map(attribute='content')|list");
  }

  private String scalar() {
    if (!locals.isEmpty() && chance(30)) {
      return any(locals.toArray(String[]::new));
    }
    return any(
        any(NAMES),
        any(NAMES),
        String.valueOf(random.nextInt(12)),
        "1.5",
        "'" + any(TEXTS) + "'",
        "true",
        "false",
        "none",
        "-" + random.nextInt(4),
        "2.0",
        "'x'",
        "(1, 'a')");
  }

  private String string() {
    return oneOf(
        () -> "s",
        () -> "t",
        () -> "'" + any(TEXTS) + "'",
        () -> "(" + string() + ")." + any(STRING_METHODS),
        () -> string() + "|" + any(STRING_FILTERS),
        () -> "(" + string() + " ~ " + scalar() + ")",
        () -> "(" + string() + " + " + string() + ")",
        () -> "(" + string() + ")[" + any("1:", ":-1", "::2", "0", "-1", "::-1") + "]",
        () -> "(" + string() + " * 2)");
  }

  private String list() {
    if (depth > 6) {
      return "xs";
    }
    return oneOf(
        () -> "xs",
        () -> "ys",
        () -> "messages",
        () -> "range(" + random.nextInt(5) + ")",
        () -> "[" + scalar() + ", " + scalar() + "]",
        () -> "(" + list() + " + [" + scalar() + "])",
        () -> list() + "|" + any(LIST_FILTERS),
        () -> "(" + list() + ")[" + any("1:", ":-1", "::-1") + "]",
        () -> "(" + string() + ")" + any(".split()", "|list", ".split(',')"),
        () -> any("d", "d.keys()", "d.values()", "d|list", "unknown", "xs|select('number')"));
  }
}
