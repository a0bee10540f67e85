package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Routine.Variable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of a scope and where their values come from when it is entered. The rules are those of
 * jinja2's {@code idtracking}, since they decide which of several variables of a name is meant.
 */
final class Symbols {

  /** Where the value of a variable comes from when its scope is entered. */
  sealed interface Load {
    /** Whoever enters the scope sets it. */
    record Parameter() implements Load {}

    /** A variable or function that the template is given, if there is one of the name. */
    record Given(String name) implements Load {}

    /** A variable of a scope further out. */
    record Alias(Variable variable) implements Load {}

    record Missing() implements Load {}
  }

  private final @Nullable Symbols parent;
  private final Routine routine;
  private final int level;
  private final Map<String, Variable> variables = new HashMap<>();
  private final Map<Variable, Load> loads = new LinkedHashMap<>();
  private final Set<String> stores = new HashSet<>();

  /**
   * @param parent the scope around it, or null
   */
  Symbols(@Nullable Symbols parent, Routine routine) {
    this(parent, routine, parent == null ? 0 : parent.level + 1);
  }

  private Symbols(@Nullable Symbols parent, Routine routine, int level) {
    this.parent = parent;
    this.routine = routine;
    this.level = level;
  }

  Routine routine() {
    return routine;
  }

  int level() {
    return level;
  }

  Map<Variable, Load> loads() {
    return loads;
  }

  /** A copy for a branch, which {@link #merge} takes back. */
  Symbols branch() {
    Symbols copy = new Symbols(parent, routine, level);
    copy.variables.putAll(variables);
    copy.loads.putAll(loads);
    copy.stores.addAll(stores);
    return copy;
  }

  /** The variable that a name stands for, or null. */
  @Nullable Variable find(String name) {
    for (Symbols symbols = this; symbols != null; symbols = symbols.parent) {
      Variable variable = symbols.variables.get(name);
      if (variable != null) {
        return variable;
      }
    }
    return null;
  }

  private Variable define(String name, Load load) {
    Variable variable = new Variable(routine, level, name);
    variables.put(name, variable);
    loads.put(variable, load);
    return variable;
  }

  void store(String name) {
    stores.add(name);
    if (!variables.containsKey(name)) {
      Variable outer = parent == null ? null : parent.find(name);
      define(name, outer == null ? new Load.Missing() : new Load.Alias(outer));
    }
  }

  Variable parameter(String name) {
    stores.add(name);
    return define(name, new Load.Parameter());
  }

  void load(String name) {
    if (find(name) == null) {
      define(name, new Load.Given(name));
    }
  }

  /** What only some branches set has its value from outside in the others. */
  void merge(List<Symbols> branches) {
    Set<String> branchStores = new HashSet<>();
    branches.forEach(branch -> branchStores.addAll(branch.stores));
    branchStores.removeAll(stores);
    for (Symbols branch : branches) {
      variables.putAll(branch.variables);
      loads.putAll(branch.loads);
      stores.addAll(branch.stores);
    }
    for (String name : branchStores) {
      Variable outer = parent == null ? null : parent.find(name);
      loads.put(find(name), outer == null ? new Load.Given(name) : new Load.Alias(outer));
    }
  }
}
