package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Action;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A parsed template. Immutable, so it may be shared by threads. */
public final class Template {

  private static final int MAX_LENGTH = 1 << 18;

  private final Routine routine;
  private final Action code;
  private final int height;

  private Template(Routine routine, Action code, int height) {
    this.routine = routine;
    this.code = code;
    this.height = height;
  }

  /**
   * Parses a template of at most 2^18 characters.
   *
   * @throws JinjaException if it is no template, or needs what is not supported
   */
  public static Template parse(String source) {
    if (source.length() > MAX_LENGTH) {
      throw JinjaException.syntax(
          1, "the template has %d characters, more than %d".formatted(source.length(), MAX_LENGTH));
    }
    List<Stmt> body = StatementParser.parse(source);
    Routine routine = new Routine();
    Frame frame = new Frame(new Symbols(null, routine), false, false);
    SymbolFinder.enter(frame.symbols(), body);
    Action enter = frame.enter();
    Action statements = StatementCompiler.compileAll(body, frame);
    int height = body.stream().mapToInt(Node::height).max().orElse(0);
    return new Template(
        routine,
        scope -> {
          enter.in(scope);
          return statements.in(scope);
        },
        height);
  }

  /**
   * What the template makes of variables.
   *
   * @param variables strings, booleans, numbers, null, and lists and maps of these
   * @param clock for {@code strftime_now}
   * @throws JinjaException if it refuses them, fails, or goes beyond its limits
   */
  public String render(Map<String, ?> variables, Clock clock) {
    Budget budget = new Budget();
    Map<String, Value> given = new HashMap<>();
    variables.forEach((name, value) -> given.put(name, Input.value(budget, value)));
    Rendering rendering = new Rendering(budget, given, clock);
    try {
      budget.descend(height);
      Scope scope = new Scope(rendering, routine);
      code.in(scope);
      return scope.printed();
    } catch (JinjaException e) {
      throw e.at(Math.max(1, rendering.line()));
    }
  }
}
