package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An expression, or what is assigned to. */
sealed interface Expr extends Node {

  /** What a name is used for. */
  enum Use {
    LOAD,
    STORE,
    PARAMETER
  }

  /** Text between tags. */
  record Data(String text, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of();
    }
  }

  record Const(Value value, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of();
    }
  }

  record Name(String name, Use use, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of();
    }
  }

  /** An attribute of a namespace, which is assigned to. */
  record Attribute(String namespace, String name, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of();
    }
  }

  record TupleOf(List<Expr> items, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.copyOf(items);
    }
  }

  record ListOf(List<Expr> items, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.copyOf(items);
    }
  }

  /** Keys and values are as many. */
  record DictOf(List<Expr> keys, List<Expr> values, int line) implements Expr {
    @Override
    public List<Node> children() {
      List<Node> children = new ArrayList<>();
      for (int i = 0; i < keys.size(); i++) {
        children.add(keys.get(i));
        children.add(values.get(i));
      }
      return children;
    }
  }

  /**
   * @param otherwise null if there is no "else"
   */
  record Conditional(Expr test, Expr then, @Nullable Expr otherwise, int line) implements Expr {
    @Override
    public List<Node> children() {
      return some(test, then, otherwise);
    }
  }

  record Binary(BinaryOperator operator, Expr left, Expr right, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of(left, right);
    }
  }

  /** "and" or "or". */
  record Logical(boolean and, Expr left, Expr right, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of(left, right);
    }
  }

  record Not(Expr operand, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of(operand);
    }
  }

  record Sign(boolean minus, Expr operand, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of(operand);
    }
  }

  record Concat(List<Expr> parts, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.copyOf(parts);
    }
  }

  /** Operands are one more than operators. */
  record Compare(List<Expr> operands, List<Comparison> operators, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.copyOf(operands);
    }
  }

  /**
   * @param subject null for the filter of a block
   */
  record Filter(@Nullable Expr subject, String name, CallArguments arguments, int line)
      implements Expr {
    @Override
    public List<Node> children() {
      return arguments.after(subject);
    }
  }

  record Test(Expr subject, String name, CallArguments arguments, int line) implements Expr {
    @Override
    public List<Node> children() {
      return arguments.after(subject);
    }
  }

  record Call(Expr callee, CallArguments arguments, int line) implements Expr {
    @Override
    public List<Node> children() {
      return arguments.after(callee);
    }
  }

  record GetAttribute(Expr owner, String name, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of(owner);
    }
  }

  record GetItem(Expr owner, Expr index, int line) implements Expr {
    @Override
    public List<Node> children() {
      return List.of(owner, index);
    }
  }

  /** Bounds that are not given are null. */
  record SliceOf(@Nullable Expr start, @Nullable Expr stop, @Nullable Expr step, int line)
      implements Expr {
    @Override
    public List<Node> children() {
      return some(start, stop, step);
    }
  }

  /**
   * Arguments of a call.
   *
   * @param rest an iterable of further positional arguments, or null
   * @param namedRest a mapping of further named ones, or null
   */
  record CallArguments(
      List<Expr> positional, List<Keyword> named, @Nullable Expr rest, @Nullable Expr namedRest) {
    static final CallArguments NONE = new CallArguments(List.of(), List.of(), null, null);

    private List<Node> after(@Nullable Expr first) {
      List<Node> children = new ArrayList<>(some(first));
      children.addAll(positional);
      named.forEach(keyword -> children.add(keyword.value()));
      children.addAll(some(rest, namedRest));
      return children;
    }
  }

  record Keyword(String name, Expr value) {}

  private static List<Node> some(@Nullable Expr... nodes) {
    return Stream.of(nodes).filter(Objects::nonNull).map(Node.class::cast).toList();
  }
}
