package dev.slipstream.text.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One rendering of a template: what it is given, and where it is. */
final class Rendering {

  private final Budget budget;
  private final Map<String, Value> variables;
  private final Clock clock;
  private int line;

  Rendering(Budget budget, Map<String, Value> variables, Clock clock) {
    this.budget = budget;
    this.variables = variables;
    this.clock = clock;
  }

  Budget budget() {
    return budget;
  }

  /** A variable or function of a name, or null. */
  @Nullable Value given(String name) {
    Value variable = variables.get(name);
    return variable != null ? variable : Globals.find(name);
  }

  ZonedDateTime now() {
    return ZonedDateTime.now(clock);
  }

  /** Line of the template that is at work. */
  int line() {
    return line;
  }

  void line(int line) {
    this.line = line;
  }

  /**
   * @throws JinjaException if the value cannot be called, or its code fails
   */
  Value call(Value callee, Arguments arguments) {
    budget.step();
    return switch (callee) {
      case Value.Function function -> function.body().call(this, arguments);
      case Macro macro -> macro.call(this, arguments);
      case Loop loop -> loop.call(this, arguments);
      case Joiner joiner -> joiner.call(arguments);
      case Value.Undefined undefined -> throw undefined.failure(budget);
      default ->
          throw JinjaException.failure("'" + Types.name(callee) + "' object is not callable");
    };
  }
}
