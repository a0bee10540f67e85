package dev.slipstream.text.jinja;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The variables of a {@link Routine} that runs, and where it prints to. */
final class Scope {

  private final Value[] variables;
  private final Scope outer;
  private final Rendering rendering;
  private StringBuilder out = new StringBuilder();

  /** The outermost scope. */
  Scope(Rendering rendering, Routine routine) {
    this.rendering = rendering;
    this.variables = new Value[routine.size()];
    this.outer = this;
  }

  Scope(Rendering rendering, Routine routine, Scope outer) {
    this.rendering = rendering;
    this.variables = new Value[routine.size()];
    this.outer = outer;
  }

  Rendering rendering() {
    return rendering;
  }

  Budget budget() {
    return rendering.budget();
  }

  Scope outer(int distance) {
    Scope scope = this;
    for (int i = 0; i < distance; i++) {
      scope = scope.outer;
    }
    return scope;
  }

  /** Null if it is not set. */
  @Nullable Value get(int slot) {
    return variables[slot];
  }

  void set(int slot, @Nullable Value value) {
    variables[slot] = value;
  }

  void print(String text) {
    budget().text(text.length());
    out.append(text);
  }

  String printed() {
    budget().text(out.length());
    return out.toString();
  }

  /** Runs code and hands on what it printed, unless it left the loop that it is in. */
  Code.Flow capture(Code.Action code, Consumer<String> printed) {
    StringBuilder before = out;
    out = new StringBuilder();
    Code.Flow flow = code.in(this);
    String text = printed();
    out = before;
    if (flow == Code.Flow.NEXT) {
      printed.accept(text);
    }
    return flow;
  }
}
