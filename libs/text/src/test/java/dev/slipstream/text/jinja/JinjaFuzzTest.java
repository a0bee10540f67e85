package dev.slipstream.text.jinja;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A damaged template is a clear error and never another exception, which would fail a gateway. */
@Tag("slow")
class JinjaFuzzTest {

  private static final String[] PIECES = {
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "+",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    "|",
    ".",
    ",",
    ":",
    "=",
    "~",
    "%",
    "*",
    "**",
    "//",
    "if ",
    " else ",
    "for x in ",
    "endfor",
    "endif",
    "set ",
    "raw",
    "endraw",
    "macro m(",
    "call ",
    "filter ",
    "not ",
    " is ",
    " in ",
    "0",
    "1e",
    "é",
    "\n",
    "\r",
    "\u0000",
    "\ud83d",
    "loop",
    "recursive",
    "|tojson",
    "|map(",
    "__class__",
    "range(9",
    "* 99999999",
    "caller()",
    "varargs",
    "namespace(",
    "break",
    "generation",
    "x.y",
    "[::",
    "%s"
  };

  @Test
  void damagedTemplatesAreErrorsOfTheTemplate() throws IOException {
    long seed = Long.getLong("slipstream.jinja.seed", System.nanoTime());
    Random random = new Random(seed);
    List<String> templates = JinjaCasesTest.templates();
    GeneratedTemplates generated = new GeneratedTemplates(seed);
    for (int i = 0; i < 20_000; i++) {
      String template =
          i % 4 == 0
              ? generated.next().template()
              : templates.get(random.nextInt(templates.size()));
      for (int n = random.nextInt(6); n >= 0; n--) {
        template = damaged(template, random);
      }
      check(template, seed);
    }
  }

  private static String damaged(String template, Random random) {
    int at = random.nextInt(template.length() + 1);
    int to = Math.min(template.length(), at + random.nextInt(4));
    return switch (random.nextInt(4)) {
      case 0 -> template.substring(0, at) + template.substring(to);
      case 1 ->
          template.substring(0, at) + template.substring(at, to).repeat(2) + template.substring(to);
      case 2 -> template.substring(0, at);
      default ->
          template.substring(0, at)
              + PIECES[random.nextInt(PIECES.length)]
              + template.substring(to);
    };
  }

  private static void check(String template, long seed) {
    try {
      Template.parse(template).render(Map.of("s", "x", "xs", List.of(1, 2)), Jinja2.CLOCK);
    } catch (JinjaException e) {
      // What it is for.
    } catch (RuntimeException | Error e) {
      fail("seed " + seed + ": " + template, e);
    }
  }
}
