package dev.slipstream.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A model file is a stranger's. Whatever its template wants to do, it ends soon and clearly, and
 * the chats of others wait for nothing.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JinjaLimitsTest {

  /** Many times what a template is granted, and few times what endless ones would take. */
  private static final long MAX_ALLOCATED = 64L << 20;

  /** Likewise of a processor's time, before anything is compiled: of work that is not counted. */
  private static final long MAX_NANOS = 5_000_000_000L;

  private static final String DOUBLED =
      "{% set ns = namespace(x=[1]) %}{% for i in range(50) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
  private static final String DOUBLED_TWICE =
      DOUBLED
          + "{% set ms = namespace(x=[1]) %}{% for i in range(50) %}{% set ms.x = [ms.x, ms.x] %}{% endfor %}";
  private static final String TUPLES =
      "{% set ns = namespace(x=(1,)) %}{% for i in range(50) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}";
  private static final String LONG =
      "{% set ns = namespace(s='ab') %}{% for i in range(18) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}";
  private static final String DEEP =
      "{% set ns = namespace(x=[]) %}{% for i in range(20000) %}{% set ns.x = [ns.x] %}{% endfor %}";

  private final Ending ending = new Ending();

  static Stream<String> hostile() {
    return Stream.of(
        // Loops without end.
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ range(99999)|list|length }}{% endfor %}",
        "{% for a in range(99999) %}{{ range(99999)|sum }}{% endfor %}",
        "{% for a in range(99999) %}{{ 99998 in range(99999) }}{% endfor %}",
        "{% for a in range(99999) %}{{ range(99999)|select('odd')|list|first }}{% endfor %}",
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{% if n < 30 %}{{ f(n + 1) }}{{ f(n + 1) }}{% endif %}{% endmacro %}{{ f(0) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for x in [1, 2] recursive %}{% if loop.depth < 30 %}{{ loop([1, 2]) }}{% endif %}{% endfor %}",
        "{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% endmacro %}{{ g() }}",
        // Text without end.
        "{{ 'x' * 10**9 }}",
        "{{ 10**9 * 'x' }}",
        "{{ range(0, 1, 2**40)[::2**24]|list }}",
        "{{ [0] * 10**9 }}",
        "{{ (0,) * 10**8 }}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s|replace('x', 'xx') %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s]|join %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = '{0}{0}'.format(ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = '%s%s' % (ns.s, ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set s %}{{ ns.s }}{{ ns.s }}{% endset %}{% set ns.s = s %}{% endfor %}",
        "{% set ns = namespace(s='<') %}{% for i in range(60) %}{% set ns.s = ns.s|forceescape|string %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{{ 'x'.center(10**9) }}",
        "{{ 'x'|center(10**9) }}",
        "{{ 'x'.ljust(10**9, 'é') }}{{ 'x'.zfill(10**9) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ ('{' ~ '[' * 600000).format(1) }}",
        "{{ ('{0' ~ '[a]' * 600000).format(1) }}",
        "{{ ('{0:' ~ '{' * 600000).format(1) }}",
        "{{ '{:01000000000d}'.format(1) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1.5 }}",
        "{{ '%*d' % (10**9, 1) }}",
        "{{ 'a\nb'|indent(10**9) }}",
        "{{ ('\n' * 5000)|indent('x' * 5000, blank=true) }}",
        "{{ '\t'.expandtabs(10**9) }}",
        "{{ (['a'] * 5000)|join('x' * 5000) }}",
        "{{ ('x' * 5000).join(('a' * 5000)|list) }}",
        "{{ ('x' * 5000).replace('', 'y' * 5000) }}",
        "{{ [1]|batch(10**9, 'x')|list }}",
        "{{ [1]|slice(10**9)|list }}",
        "{{ {'a': [1, 2]}|tojson(indent=10**9) }}",
        "{{ [[[[1]]]]|tojson(indent='x' * 9999999) }}",
        "{% for i in range(99999) %}" + "x".repeat(10_000) + "{% endfor %}",
        "{{ ('a' * 4000000).swapcase() }}{{ ('a' * 4000000).title() }}{{ ('a' * 4000000)|title }}",
        "{{ ('a' * 4000000).casefold() }}{{ ('a' * 4000000).expandtabs() }}",
        "{{ ('a' * 7000000)[::-1] }}{{ ('a' * 7000000)|reverse }}{{ ('a' * 7000000)[::2] }}",
        "{{ '%a' % ('é' * 1000000) }}{{ '%r' % ('\u0000' * 1000000) }}{{ ('é' * 3000000)|urlencode }}",
        "{{ ('a' * 4000000)|list|length }}{{ ('a ' * 2000000).split()|length }}",
        "{{ ('\n' * 4000000).splitlines()|length }}{{ (',' * 4000000).split(',')|length }}",
        "{% set ns = namespace(s='ß' * 1000000) %}{% for i in range(60) %}{{ ns.s.upper()|length }}{% endfor %}",
        "{% set a = 'x' * 3000000 %}{% set b = 'x' * 3000000 %}{% for i in range(999) %}{{ a < b }}{% endfor %}",
        // Numbers without end.
        "{{ 10**(10**9) }}",
        "{{ 2**10000000 }}",
        "{% set ns = namespace(n=3) %}{% for i in range(60) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{% set ns = namespace(n=3) %}{% for i in range(60) %}{% set ns.n = ns.n ** 3 %}{% endfor %}",
        "{% for i in range(99999) %}{{ (7**4999) * (7**77) // 13 }}{% endfor %}",
        // Values that are small to hold and endless to look at.
        DOUBLED_TWICE + "{{ ns.x == ms.x }}",
        DOUBLED_TWICE + "{{ ns.x != ms.x }}",
        DOUBLED_TWICE + "{{ ns.x < ms.x }}",
        DOUBLED_TWICE + "{{ ns.x in [ms.x] }}",
        DOUBLED_TWICE + "{{ [ms.x].index(ns.x) }}",
        DOUBLED_TWICE + "{{ [ms.x].count(ns.x) }}",
        DOUBLED_TWICE + "{{ {'a': ns.x} == {'a': ms.x} }}",
        DOUBLED_TWICE + "{{ [ns.x, ms.x]|sort }}",
        DOUBLED_TWICE + "{{ [ns.x, ms.x]|max }}",
        DOUBLED_TWICE + "{{ [{'a': ns.x}, {'a': ms.x}]|groupby('a') }}",
        DOUBLED_TWICE + "{{ ns.x is eq ms.x }}",
        DOUBLED_TWICE + "{{ [ns.x]|select('in', [ms.x])|list }}",
        DOUBLED_TWICE
            + "{% for i in [1, 2] %}{{ loop.changed(ns.x if i == 1 else ms.x) }}{% endfor %}",
        DOUBLED + "{{ ns.x }}",
        DOUBLED + "{{ ns.x|string|length }}",
        DOUBLED + "{{ ns.x|tojson }}",
        DOUBLED + "{{ ns.x|join }}",
        DOUBLED + "{{ ns.x ~ '' }}",
        DOUBLED + "{{ '%s' % [ns.x] }}",
        DOUBLED + "{{ '{}'.format(ns.x) }}",
        DOUBLED + "{{ ns.x|upper }}",
        DOUBLED + "{{ raise_exception(ns.x) }}",
        DOUBLED + "{{ [1][[ns.x]].b }}",
        TUPLES + "{{ {ns.x: 1} }}",
        TUPLES + "{{ {'a': 1}[ns.x] }}",
        TUPLES + "{{ [ns.x, ns.x]|unique|list }}",
        TUPLES + "{{ ns.x in {} }}",
        DEEP + "{{ ns.x }}",
        DEEP + "{{ ns.x|tojson }}",
        DEEP + "{{ ns.x == [ns.x] }}",
        "{% set ns = namespace(x=()) %}{% for i in range(9999) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} }}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(9999) %}{% set ns.x = ns.x|map('upper') %}{% endfor %}{{ ns.x|list }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = ns.x|select %}{% endfor %}{{ ns.x|list }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = ns.x|batch(1) %}{% endfor %}{{ ns.x|list }}",
        "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x|string }}",
        "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x == [1] }}{{ ns.x|tojson }}",
        "{% set ns = namespace() %}{% set ns.x = [[ns]] %}{% set b = [[ns]] %}{{ '%r' % ns.x }}",
        // Searches that look at everything again and again.
        LONG + "{% for i in range(99999) %}{{ 'b' * 3000 in ns.s }}{% endfor %}",
        LONG
            + "{{ ns.s.count('ab' * 9000 ~ 'b') }}{% for i in range(9999) %}{{ ns.s.find('abababababababb') }}{% endfor %}",
        "{% set s = 'a' * 120000 %}{% set p = 'a' * 15000 ~ 'b' %}{% for i in range(999) %}{{ p in s }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ ns.s|length }}{{ ns.s[-1] }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ ns.s.upper()|length }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ ns.s.split('a')|length }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ ns.s.strip('ab') }}{% endfor %}",
        LONG + "{{ ns.s.strip('ba' * 100000) }}{{ ns.s.strip('cb' * 100000 ~ 'a') }}",
        LONG + "{% for i in range(99999) %}{{ ns.s.isalpha() }}{{ ns.s|wordcount }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ ns.s == ns.s ~ '' }}{% endfor %}",
        LONG
            + "{% for i in range(99999) %}{{ ns.s.endswith('b' * 50000) }}{{ {ns.s: 1} is mapping }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ ns.s|int }}{{ ns.s|float }}{% endfor %}",
        LONG
            + "{% for i in range(99999) %}{{ ns.s|striptags|length }}{{ ns.s|urlencode|length }}{% endfor %}",
        LONG + "{% for i in range(99999) %}{{ strftime_now(ns.s)|length }}{% endfor %}",
        LONG
            + "{% for i in range(99999) %}{{ ns.s.rpartition('x')|length }}{{ ns.s.rsplit('x')|length }}{% endfor %}",
        "{{ ('<' * 100000)|striptags }}{% for i in range(9999) %}{{ ('<!--' * 9999)|striptags }}{% endfor %}",
        "{{ range(99999)|map('string')|join|list|sort|unique|list|length }}{% for i in range(99) %}{{ range(99999)|list|sort(reverse=true)|length }}{% endfor %}",
        "{{ ('9' * 4000000)|int }}{% for i in range(99999) %}{{ ('9' * 4000)|int % 7 }}{% endfor %}",
        "{{ ('1_' * 1000000)|float }}{{ ('1_' * 1000000)|int }}{{ (' ' * 3000000)|int }}{% for i in range(99) %}{{ ('1' * 400000)|float }}{% endfor %}",
        "{% for i in range(99999) %}{{ dict.fromkeys(range(99999))|length }}{% endfor %}");
  }

  private static JinjaException end(String template) {
    Throwable thrown =
        catchThrowable(() -> Template.parse(template).render(Map.of(), Jinja2.CLOCK));
    assertThat(thrown).as(template).isInstanceOf(JinjaException.class);
    return (JinjaException) thrown;
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void hostileTemplatesEndInAClearError(String template) throws Throwable {
    JinjaException first = ending.of(() -> endWithLittle(template));
    assertThat(first.getMessage()).isNotBlank().hasSizeLessThan(2000);
    assertThat(ending.of(() -> end(template)).getMessage())
        .as("the same each time")
        .isEqualTo(first.getMessage());
  }

  private static JinjaException endWithLittle(String template) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    long start = threads.getCurrentThreadCpuTime();
    JinjaException end = end(template);
    assertThat(threads.getCurrentThreadCpuTime() - start).as(template).isLessThan(MAX_NANOS);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before)
        .as(template)
        .isLessThan(MAX_ALLOCATED);
    return end;
  }

  @ParameterizedTest
  @MethodSource("nested")
  void whatIsNestedDeeplyNeedsLittleStack(String template) throws Throwable {
    ending.of(() -> end(template), Ending.SMALL);
  }

  static Stream<String> nested() {
    return Stream.concat(
        hostile(),
        Stream.of(
            "{{ " + "(".repeat(100_000),
            "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
            "{{ " + "[".repeat(100_000) + " }}",
            "{{ " + "{1:".repeat(60_000) + " }}",
            "{{ " + "not ".repeat(50_000) + "x }}",
            "{{ " + "-".repeat(100_000) + "1 }}",
            "{{ 1" + "+1".repeat(100_000) + " }}",
            "{{ 1" + " if 1 else 1".repeat(20_000) + " }}",
            "{{ 1" + " or 0".repeat(40_000) + " }}",
            "{{ x" + ".x".repeat(100_000) + " }}",
            "{{ x" + "[0]".repeat(60_000) + " }}",
            "{{ x" + "()".repeat(100_000) + " }}",
            "{{ x" + "|upper".repeat(40_000) + " }}",
            "{{ f(" + "f(".repeat(60_000),
            "{{ '" + "a".repeat(300_000) + "' }}",
            "{{ " + "1_".repeat(100_000) + "1x }}",
            "{{ '" + "\\x".repeat(100_000) + "' }}",
            "{% if x %}".repeat(20_000),
            "{% for x in y %}".repeat(16_000),
            "{% macro m() %}".repeat(16_000),
            "{% set x %}".repeat(20_000),
            "{% raw %}" + "{%".repeat(100_000),
            "{% raw %}" + "{% endraw".repeat(20_000),
            "{#" + "-".repeat(200_000),
            "{% raw " + " ".repeat(200_000),
            "{".repeat(200_000) + "{% x",
            "{% for " + "(a,".repeat(60_000)));
  }

  /** Ordinary templates must stay far below the limits, also for long conversations. */
  @Test
  void longConversationsAreWithinTheLimits() {
    String template =
        """
        {%- set ns = namespace(last=-1) %}
        {%- for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}
        {%- for m in messages %}
        {%- set content = m.content | trim %}
        {%- if '</think>' in content and loop.index0 < ns.last %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|im_start|>' + m.role + '\\n' + content + '<|im_end|>\\n' }}
        {%- endfor %}""";
    Template parsed = Template.parse(template);
    String text = "word ".repeat(2_000);
    Map<String, Object> message = Map.of("role", "user", "content", text);
    Map<String, Object> many = Map.of("messages", java.util.Collections.nCopies(400, message));
    assertThat(parsed.render(many, Jinja2.CLOCK)).hasSizeGreaterThan(400 * 9_000);
    Map<String, Object> small = Map.of("role", "user", "content", "x");
    Map<String, Object> more = Map.of("messages", java.util.Collections.nCopies(20_000, small));
    assertThat(parsed.render(more, Jinja2.CLOCK)).hasSizeGreaterThan(20_000);
  }

  @Test
  void aTemplateThatIsTooLongIsRefused() {
    assertThatThrownBy(() -> Template.parse("x".repeat(1 << 19)))
        .isInstanceOf(JinjaException.class)
        .hasMessageContaining("524288");
  }

  @Test
  void inputThatIsNestedTooDeeplyIsRefused() {
    Object deep = List.of();
    for (int i = 0; i < 100_000; i++) {
      deep = List.of(deep);
    }
    Map<String, Object> variables = Map.of("x", deep);
    assertThatThrownBy(() -> Template.parse("{{ x }}").render(variables, Jinja2.CLOCK))
        .isInstanceOf(JinjaException.class);
  }
}
