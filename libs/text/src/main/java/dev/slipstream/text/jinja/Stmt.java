package dev.slipstream.text.jinja;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A statement. */
sealed interface Stmt extends Node {

  /** Text and expressions that are printed. */
  record Output(List<Expr> parts, int line) implements Stmt {
    @Override
    public List<Node> children() {
      return List.copyOf(parts);
    }
  }

  record Assign(Expr target, Expr value, int line) implements Stmt {
    @Override
    public List<Node> children() {
      return List.of(target, value);
    }
  }

  /**
   * @param filter null if there is none
   */
  record AssignBlock(Expr target, Expr.@Nullable Filter filter, List<Stmt> body, int line)
      implements Stmt {
    @Override
    public List<Node> children() {
      return join(filter == null ? List.of(target) : List.of(target, filter), body);
    }
  }

  /**
   * @param test null if there is none
   */
  record For(
      Expr target,
      Expr items,
      List<Stmt> body,
      List<Stmt> otherwise,
      @Nullable Expr test,
      boolean recursive,
      int line)
      implements Stmt {
    @Override
    public List<Node> children() {
      return join(
          List.of(target, items), body, otherwise, test == null ? List.of() : List.of(test));
    }
  }

  /** An "if"; each "elif" is an "if" without elifs and else. */
  record If(Expr test, List<Stmt> body, List<If> elifs, List<Stmt> otherwise, int line)
      implements Stmt {
    @Override
    public List<Node> children() {
      return join(List.of(test), body, elifs, otherwise);
    }
  }

  /** Targets and values are as many. */
  record With(List<Expr> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {
    @Override
    public List<Node> children() {
      return join(targets, values, body);
    }
  }

  /**
   * @param defaults of the last parameters
   */
  record Macro(
      String name, List<Expr.Name> parameters, List<Expr> defaults, List<Stmt> body, int line)
      implements Stmt {
    @Override
    public List<Node> children() {
      return join(parameters, defaults, body);
    }
  }

  /** Calls with its body as the macro "caller". */
  record CallBlock(
      Expr.Call call, List<Expr.Name> parameters, List<Expr> defaults, List<Stmt> body, int line)
      implements Stmt {
    @Override
    public List<Node> children() {
      return join(List.of(call), parameters, defaults, body);
    }
  }

  /** Marks for training what the assistant says; a scope of its own. */
  record Generation(List<Stmt> body, int line) implements Stmt {
    @Override
    public List<Node> children() {
      return List.copyOf(body);
    }
  }

  record FilterBlock(Expr.Filter filter, List<Stmt> body, int line) implements Stmt {
    @Override
    public List<Node> children() {
      return join(body, List.of(filter));
    }
  }

  /** "break" or "continue". */
  record Jump(boolean ends, int line) implements Stmt {
    @Override
    public List<Node> children() {
      return List.of();
    }
  }

  @SafeVarargs
  @SuppressWarnings("varargs")
  private static List<Node> join(List<? extends Node>... parts) {
    return Stream.of(parts).<Node>flatMap(List::stream).toList();
  }
}
