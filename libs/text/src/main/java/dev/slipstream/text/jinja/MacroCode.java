package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Action;
import dev.slipstream.text.jinja.Code.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Code of a macro.
 *
 * @param name null for the body of a call block
 * @param defaults one for each parameter, which gives undefined if it has none
 * @param height of its code, for the stack
 */
record MacroCode(
    @Nullable String name,
    Routine routine,
    List<String> parameters,
    List<Evaluation> defaults,
    Slots slots,
    Action enter,
    Action body,
    int height) {
  /**
   * Where the macro finds its arguments.
   *
   * @param parameters one for each
   * @param caller the variable "caller", null if the macro uses none or has it as a parameter;
   *     likewise the rest of the arguments, "varargs", and the rest of those by name, "kwargs"
   * @param usesCaller be it as a parameter or not
   */
  record Slots(
      List<Integer> parameters,
      @Nullable Integer caller,
      boolean usesCaller,
      @Nullable Integer namedRest,
      @Nullable Integer rest) {}

  static MacroCode compile(
      @Nullable String name,
      List<Expr.Name> parameters,
      List<Expr> defaults,
      List<Stmt> body,
      int line,
      Frame around) {
    Frame frame = around.routine();
    Symbols symbols = frame.symbols();
    SymbolFinder.enter(symbols, parameters);
    SymbolFinder.enter(symbols, defaults);
    SymbolFinder.enter(symbols, body);
    List<String> names = parameters.stream().map(Expr.Name::name).toList();
    Set<String> special = SymbolFinder.undeclared(body, "caller", "kwargs", "varargs");
    boolean usesCaller = special.contains("caller");
    int explicit = names.indexOf("caller");
    if (usesCaller && explicit >= 0 && explicit < names.size() - defaults.size()) {
      throw JinjaException.syntax(
          line,
          "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.");
    }
    special.removeAll(names);
    Integer caller = specialSlot("caller", special, frame);
    Integer namedRest = specialSlot("kwargs", special, frame);
    Integer rest = specialSlot("varargs", special, frame);
    return new MacroCode(
        name,
        symbols.routine(),
        names,
        compileDefaults(names, defaults, frame),
        new Slots(
            names.stream().map(n -> frame.slot(frame.variable(n, line))).toList(),
            caller,
            usesCaller,
            namedRest,
            rest),
        frame.enter(),
        StatementCompiler.compileAll(body, frame),
        height(defaults, body));
  }

  private static @Nullable Integer specialSlot(String name, Set<String> used, Frame frame) {
    return used.contains(name) ? frame.slot(frame.symbols().parameter(name)) : null;
  }

  private static List<Evaluation> compileDefaults(
      List<String> names, List<Expr> defaults, Frame frame) {
    List<Evaluation> code = new ArrayList<>();
    int without = names.size() - defaults.size();
    for (String name : names.subList(0, without)) {
      Value missing = Value.Undefined.hint("parameter '" + name + "' was not provided");
      code.add(scope -> missing);
    }
    code.addAll(ExpressionCompiler.compileAll(defaults, frame));
    return code;
  }

  private static int height(List<Expr> defaults, List<Stmt> body) {
    int height = 0;
    for (Node node : defaults) {
      height = Math.max(height, node.height());
    }
    for (Node node : body) {
      height = Math.max(height, node.height());
    }
    return height + 2;
  }

  /** With the arguments set; null for parameters that are not given. */
  String run(Scope scope) {
    scope.budget().descend(height);
    enter.in(scope);
    for (int i = 0; i < defaults.size(); i++) {
      int slot = slots.parameters.get(i);
      if (scope.get(slot) == null) {
        scope.set(slot, defaults.get(i).in(scope));
      }
    }
    body.in(scope);
    scope.budget().ascend(height);
    return scope.printed();
  }
}
