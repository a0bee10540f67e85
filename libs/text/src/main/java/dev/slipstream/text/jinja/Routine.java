package dev.slipstream.text.jinja;

import java.util.HashMap;
import java.util.Map;

/**
 * A part of a template with variables of its own when it runs: the template itself, a macro, the
 * body of a recursive loop, the condition of a loop. What jinja2 compiles to a function of Python.
 */
final class Routine {

  /** A variable of a scope; sister scopes share theirs, as they never hold at the same time. */
  record Variable(Routine routine, int level, String name) {}

  private final int depth;
  private final Map<Variable, Integer> slots = new HashMap<>();

  /** The outermost routine. */
  Routine() {
    this.depth = 0;
  }

  /**
   * @param outer whose variables can be seen
   */
  Routine(Routine outer) {
    this.depth = outer.depth + 1;
  }

  int slot(Variable variable) {
    return slots.computeIfAbsent(variable, v -> slots.size());
  }

  int size() {
    return slots.size();
  }

  /** How many routines further out the variable is. */
  int distance(Variable variable) {
    return depth - variable.routine().depth;
  }
}
