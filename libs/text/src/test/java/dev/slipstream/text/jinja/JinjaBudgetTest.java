package dev.slipstream.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Where limits are, and that each operation pays for what it does. Whoever loses a limit sees it at
 * once: what goes beyond one here is small, and without it would soon be done.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JinjaBudgetTest {
  private static final Map<String, Object> NOTHING = Map.of();

  private static final String STEPS = "the template takes too many steps";
  private static final String BYTES = "the template makes too much text or too many values";
  private static final String INTEGERS = "integers of more than 4300 digits are not supported";
  private static final String DEPTH = "calls or values are nested too deeply";

  private final Ending ending = new Ending();

  /**
   * @param within what is rendered
   * @param beyond what is refused
   * @param given to both
   */
  private record Limit(String within, String beyond, String message, Map<String, ?> given) {
    Limit(String within, String beyond, String message) {
      this(within, beyond, message, NOTHING);
    }
  }

  static Stream<Limit> limits() {
    String loop = "{% for i in range(99999) %}{% endfor %}";
    String loopForEach = "{% for x in xs %}{% for i in range(2500) %}{% endfor %}{% endfor %}";
    return Stream.of(
        new Limit("{% for i in range(50000) %}{% endfor %}", loop.repeat(3), STEPS),
        new Limit(loopForEach, loop.repeat(8), STEPS, Map.of("xs", values(100))),
        new Limit("", loop.repeat(4), STEPS, Map.of("xs", "x".repeat(1_000))),
        new Limit(large(250_000), large(300_000), BYTES),
        new Limit(large(262_500), large(300_000), BYTES, Map.of("xs", values(20))),
        new Limit(large(300_000), large(500_000), BYTES, Map.of("xs", "x".repeat(60_000))),
        new Limit(text(7_000_000), text(9_000_000), BYTES, Map.of("xs", values(100))),
        new Limit("{{ 2 ** 7000 % 7 }}", "{{ 2 ** 7200 % 7 }}", INTEGERS),
        new Limit("{{ n % 7 }}", "{{ n * 2 ** 300 % 7 }}", INTEGERS, Map.of("n", integer(14_200))),
        depth("[v]", "ns.x|string"),
        depth("[v]", "ns.x|tojson"),
        depth("[v]", "ns.x == ns.y"),
        depth("{1: v}", "ns.x|string"),
        depth("{1: v}", "ns.x|tojson"),
        depth("{1: v}", "ns.x == ns.y"),
        depth("(v,)", "{ns.x: 1}"),
        new Limit(filters(150), filters(300), DEPTH),
        new Limit(calls(20), calls(1_000), DEPTH),
        new Limit(parentheses(90), parentheses(110), "expressions are nested too deeply"),
        new Limit(sum(180), sum(210), "expressions are nested too deeply"),
        new Limit(conditions(45), conditions(55), "blocks are nested too deeply"),
        new Limit(
            "{{ '{0:{1}}'.format(5, 3) }}",
            "{{ '{0:{1:{1}}}'.format(5, 3) }}", "Max string recursion exceeded"),
        new Limit("x".repeat(1 << 18), "x".repeat((1 << 18) + 1), "more than 262144"),
        new Limit("{{ range(100000)|length }}", "{{ range(100001)|length }}", "Range too big"),
        new Limit(
            "{{ range(2 ** 59, 2 ** 59 + 1)|list }}",
            "{{ range(2 ** 61, 2 ** 61 + 1)|list }}",
            "integers of more than 60 bits are not supported"));
  }

  private static List<Integer> values(int count) {
    return Collections.nCopies(count, 0);
  }

  private static BigInteger integer(int bits) {
    return BigInteger.TWO.pow(bits - 1);
  }

  private static String large(int items) {
    return "{% set x = [0] * " + items + " %}";
  }

  private static String text(int characters) {
    return "{% set x = 'x' * " + characters + " %}";
  }

  /**
   * @param around what each level puts around the value v
   * @param use of x and y, which are nested alike
   */
  private static Limit depth(String around, String use) {
    return new Limit(nested(150, around, use), nested(220, around, use), DEPTH);
  }

  private static String nested(int levels, String around, String use) {
    String set = "{% set ns.n = " + around + " %}";
    return "{% set ns = namespace(x=1, y=1) %}{% for i in range("
        + levels
        + ") %}"
        + set.replace("n =", "x =").replace("v", "ns.x")
        + set.replace("n =", "y =").replace("v", "ns.y")
        + "{% endfor %}{% set z = "
        + use
        + " %}";
  }

  private static String filters(int count) {
    return "{% set ns = namespace(x=['a']) %}{% for i in range("
        + count
        + ") %}{% set ns.x = ns.x|map('upper') %}{% endfor %}{{ ns.x|list }}";
  }

  private static String calls(int depth) {
    return "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f("
        + depth
        + ") }}";
  }

  private static String parentheses(int depth) {
    return "{{ " + "(".repeat(depth) + "1" + ")".repeat(depth) + " }}";
  }

  private static String sum(int terms) {
    return "{{ 1" + "+1".repeat(terms) + " }}";
  }

  private static String conditions(int depth) {
    return "{% if 1 %}".repeat(depth) + "{% endif %}".repeat(depth);
  }

  @ParameterizedTest
  @MethodSource("limits")
  void whatIsWithinALimitIsRendered(Limit limit) throws Throwable {
    ending.of(() -> render(limit.within(), limit.given()));
  }

  @ParameterizedTest
  @MethodSource("limits")
  void whatIsBeyondALimitIsRefused(Limit limit) {
    assertThatThrownBy(() -> ending.of(() -> render(limit.beyond(), limit.given())))
        .isInstanceOf(JinjaException.class)
        .hasMessageContaining(limit.message());
  }

  private static String render(String template, Map<String, ?> variables) {
    return Template.parse(template).render(variables, Jinja2.CLOCK);
  }

  /** Two equal values of each kind, which are no small work for whatever looks at all of them. */
  private static final String VALUES =
      """
      {%- set s = 'ab ' * 40000 %}{% set t = 'ab ' * 40000 %}
      {%- set lines = 'a\\n' * 40000 %}
      {%- set xs = [1] * 9000 %}{% set ys = [1] * 9000 %}{% set zs = xs[:] %}
      {%- set d = dict.fromkeys(range(3000)) %}{% set e = dict.fromkeys(range(3000)) %}
      {%- set n = 3 ** 7000 %}{% set digits = '9' * 4000 %}
      """;

  private static final int TIMES = 2_000;

  static Stream<String> operations() {
    return Stream.of(
        // Of text.
        "s|length",
        "s[-1]",
        "s[9:]",
        "s[::2]",
        "s.find('c')",
        "s.find('c' * 20)",
        "s.find('c', 1)",
        "s.rfind('c')",
        "'c' in s",
        "s.count('c')",
        "s.count('')",
        "s.replace('a', 'x')",
        "s.replace('', 'x')",
        "s|replace('a', 'x')",
        "s.upper()",
        "s.title()",
        "s.swapcase()",
        "s.casefold()",
        "s|lower",
        "s|title",
        "s.strip('c')",
        "s.strip('ab ')",
        "s.lstrip()",
        "s|trim",
        "'a'.strip(s)",
        "s.removeprefix('x')",
        "s.removesuffix('x')",
        "s.ljust(150000)",
        "s|center(150000)",
        "s.zfill(150000)",
        "''.rjust(150000)",
        "s.expandtabs()",
        "('\\t' * 1000).expandtabs(100)",
        "s.startswith(s)",
        "s.endswith(s)",
        "s.isalpha()",
        "s.isascii()",
        "s.split()",
        "s.split('c')",
        "s.split('a')",
        "s.rsplit()",
        "s.rsplit('c')",
        "s.splitlines()",
        "lines.splitlines()",
        "s.partition('c')",
        "s.rpartition('c')",
        "'-'.join([s, s])",
        "[s, s]|join('-')",
        "s|join('-')",
        "s|list",
        "s|reverse",
        "s|wordcount",
        "s|striptags",
        "s|escape",
        "s|urlencode",
        "s|tojson",
        "s|indent",
        "lines|indent",
        "s|truncate(110000)",
        "s|int",
        "s|float",
        "s == t",
        "s < t",
        "{s: 1}",
        "{}[s]",
        "s in {}",
        "{(s,): 1}",
        "[s]|string",
        "s ~ 'x'",
        "s + 'x'",
        "s * 2",
        "'ab' * 60000",
        "'%s' % s",
        "'%r' % s",
        "'%a' % s",
        "'%.9s' % s",
        "s % ()",
        "'{}'.format(s)",
        "'{:>9}'.format(s)",
        "'{:.9}'.format(s)",
        "'{!r}'.format(s)",
        "s.format()",
        "('{0[' ~ s ~ ']}').format({})",
        "'{:150000}'.format(1)",
        "'{:0150000d}'.format(1)",
        "'{:0150000,d}'.format(1)",
        "'%0150000d' % 1",
        "'%.150000d' % 1",
        "'%.150000f' % 1.5",
        "'{:.150000}'.format(1.5)",
        "strftime_now(s)",
        "{'a': s}|xmlattr",
        "{'a': s}|urlencode",
        "{'a': s}|tojson",
        // Of collections.
        "xs == ys",
        "xs == zs",
        "xs < ys",
        "xs < zs",
        "2 in xs",
        "xs.count(2)",
        "xs + ys",
        "xs * 2",
        "xs[1:]",
        "xs|list",
        "xs|sort",
        "xs|sum",
        "xs|max",
        "xs|min",
        "xs|unique|list",
        "xs|join",
        "xs|map('string')|list",
        "xs|select('odd')|list",
        "xs|reverse|list",
        "xs|batch(2)|list",
        "[1]|batch(9000, 'x')|list",
        "xs|slice(2)|list",
        "[1]|slice(9000)|list",
        "d.items()|groupby(0)",
        "xs|string",
        "xs|tojson",
        "xs.copy()",
        "range(9000)|list",
        "9001 in range(9000)",
        "cycler(*xs)",
        "d == e",
        "d.keys() == e.keys()",
        "d|list",
        "d.copy()",
        "dict(d)",
        "dict(d.items())",
        "dict.fromkeys(xs)",
        "d|items|list",
        "d.values()|list",
        "d|dictsort",
        "d|tojson(sort_keys=true)",
        "d|string",
        // Of numbers.
        "n + 1",
        "n * 1",
        "n ** 1",
        "n // 13",
        "n % 13",
        "n / n",
        "n|string",
        "n|tojson",
        "'%d' % n",
        "'%x' % n",
        "'{:d}'.format(n)",
        "n|round(-2)",
        "digits|int");
  }

  /** Each pays for itself, however little: else a loop would buy endless work for nothing. */
  @ParameterizedTest
  @MethodSource("operations")
  void noOperationIsForNothing(String operation) {
    String template =
        "%s{%% for i in range(%d) %%}{%% set x = %s %%}{%% endfor %%}"
            .formatted(VALUES.strip(), TIMES, operation);
    assertThatThrownBy(() -> ending.of(() -> render(template, NOTHING)))
        .isInstanceOfSatisfying(
            JinjaException.class,
            refused ->
                assertThat(refused.kind())
                    .as(refused.getMessage())
                    .isEqualTo(JinjaException.Kind.LIMIT));
  }

  /** Or the case above would say nothing. */
  @Test
  void theValuesThemselvesAreWithinTheLimits() throws Throwable {
    String template =
        "%s{%% for i in range(%d) %%}{%% set x = 1 + 1 %%}{%% endfor %%}"
            .formatted(VALUES.strip(), TIMES);
    assertThat(ending.of(() -> render(template, NOTHING))).isEmpty();
  }

  /** Digits that an integer or a float has room for are no work of any size. */
  @Test
  void numbersOfTooManyDigitsAreNone() throws Throwable {
    assertThat(ending.of(() -> render("{{ ('9' * 4301)|int }}", NOTHING))).isEqualTo("0");
    assertThat(ending.of(() -> render("{{ 1.5|round(10 ** 9) }}", NOTHING))).isEqualTo("1.5");
    assertThat(ending.of(() -> render("{{ 1.5|round(-10 ** 9) }}", NOTHING))).isEqualTo("0.0");
    String rounding = "{% for i in range(9000) %}{% set x = 1.5|round(390000) %}{% endfor %}";
    assertThat(ending.of(() -> render(rounding, NOTHING))).isEmpty();
  }
}
