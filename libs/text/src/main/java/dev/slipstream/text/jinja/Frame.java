package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Action;
import dev.slipstream.text.jinja.Code.Assignment;
import dev.slipstream.text.jinja.Code.Evaluation;
import dev.slipstream.text.jinja.Code.Flow;
import dev.slipstream.text.jinja.Code.Reading;
import dev.slipstream.text.jinja.Routine.Variable;
import java.util.ArrayList;
import java.util.List;

/**
 * Where code is compiled.
 *
 * @param conditional whether it may never run, so that a filter may be unknown
 * @param inLoop whether "break" has a loop to leave
 */
record Frame(Symbols symbols, boolean conditional, boolean inLoop) {

  Frame inner() {
    return new Frame(new Symbols(symbols, symbols.routine()), false, inLoop);
  }

  Frame loop() {
    return new Frame(new Symbols(symbols, symbols.routine()), false, true);
  }

  /** A frame that is a routine of its own. */
  Frame routine() {
    return new Frame(new Symbols(symbols, new Routine(symbols.routine())), false, false);
  }

  /** A routine of its own that is a loop. */
  Frame loopRoutine() {
    return new Frame(new Symbols(symbols, new Routine(symbols.routine())), false, true);
  }

  /** A scope within the given one, beside this one, with its variables in the same routine. */
  Frame sister(Frame around, boolean inLoop) {
    return new Frame(new Symbols(around.symbols, symbols.routine()), false, inLoop);
  }

  Frame branch() {
    return new Frame(symbols, true, inLoop);
  }

  Variable variable(String name, int line) {
    Variable variable = symbols.find(name);
    if (variable == null) {
      throw JinjaException.syntax(line, "jinja2 finds no place for the name '" + name + "' here");
    }
    return variable;
  }

  Evaluation get(String name, int line) {
    return get(variable(name, line), Value.Undefined.variable(name));
  }

  /** What a block printed. */
  Evaluation getPrinted() {
    return get(printed(), Value.Str.EMPTY);
  }

  private Evaluation get(Variable variable, Value absent) {
    Reading reading = read(variable);
    return scope -> {
      Value value = reading.in(scope);
      return value == null ? absent : value;
    };
  }

  private Reading read(Variable variable) {
    int distance = symbols.routine().distance(variable);
    int slot = variable.routine().slot(variable);
    return distance == 0 ? scope -> scope.get(slot) : scope -> scope.outer(distance).get(slot);
  }

  /** Holds what a block printed, for the filter of the block. */
  Variable printed() {
    return new Variable(symbols.routine(), symbols.level(), "");
  }

  Assignment set(String name, int line) {
    int slot = slot(variable(name, line));
    return (scope, value) -> scope.set(slot, value);
  }

  /** Of a variable of this very routine. */
  int slot(Variable variable) {
    return symbols.routine().slot(variable);
  }

  /** Gives the variables the values that they start with. */
  Action enter() {
    List<Action> loads = new ArrayList<>();
    symbols
        .loads()
        .forEach(
            (variable, load) -> {
              int slot = slot(variable);
              switch (load) {
                case Symbols.Load.Parameter parameter -> {}
                case Symbols.Load.Given(String name) ->
                    loads.add(start(slot, scope -> scope.rendering().given(name)));
                case Symbols.Load.Alias(Variable outer) -> loads.add(start(slot, read(outer)));
                case Symbols.Load.Missing missing -> loads.add(start(slot, scope -> null));
              }
            });
    return scope -> {
      scope.budget().steps(loads.size());
      loads.forEach(load -> load.in(scope));
      return Flow.NEXT;
    };
  }

  private static Action start(int slot, Reading value) {
    return scope -> {
      scope.set(slot, value.in(scope));
      return Flow.NEXT;
    };
  }
}
