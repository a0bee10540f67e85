package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compiles expressions. */
final class ExpressionCompiler {

  private static final Set<String> UNSUPPORTED_FUNCTIONS = Set.of("lipsum");

  private static final Set<String> UNSUPPORTED_METHODS =
      Set.of("encode", "translate", "maketrans", "to_bytes", "from_bytes", "as_integer_ratio");

  private ExpressionCompiler() {}

  static Evaluation compile(Expr expression, Frame frame) {
    return switch (expression) {
      case Expr.Data data -> constant(Value.Str.of(data.text()));
      case Expr.Const constant -> constant(constant.value());
      case Expr.Name name -> frame.get(name.name(), name.line());
      case Expr.Attribute attribute ->
          throw JinjaException.syntax(attribute.line(), "an attribute cannot be read like this");
      case Expr.TupleOf tuple -> {
        List<Evaluation> items = compileAll(tuple.items(), frame);
        yield scope -> new Value.Tuple(values(items, scope), false);
      }
      case Expr.ListOf list -> {
        List<Evaluation> items = compileAll(list.items(), frame);
        yield scope -> new Value.ListValue(values(items, scope));
      }
      case Expr.DictOf dict -> dict(dict, frame);
      case Expr.Conditional conditional -> conditional(conditional, frame.branch());
      case Expr.Binary binary -> binary(binary, frame);
      case Expr.Logical logical -> logical(logical, frame);
      case Expr.Not not -> {
        Evaluation operand = compile(not.operand(), frame);
        yield scope -> Value.Bool.of(!Types.truth(operand.in(scope)));
      }
      case Expr.Sign sign -> {
        Evaluation operand = compile(sign.operand(), frame);
        boolean minus = sign.minus();
        yield scope -> Arithmetic.sign(scope.budget(), minus, operand.in(scope));
      }
      case Expr.Concat concat -> concat(concat, frame);
      case Expr.Compare compare -> compare(compare, frame);
      case Expr.Filter filter -> filter(filter, frame);
      case Expr.Test test -> test(test, frame);
      case Expr.Call call -> call(call, frame);
      case Expr.GetAttribute get -> {
        Evaluation owner = compile(get.owner(), frame);
        yield scope -> Attributes.get(scope.rendering(), owner.in(scope), get.name());
      }
      case Expr.GetItem get -> item(get, frame);
      case Expr.SliceOf slice -> throw JinjaException.syntax(slice.line(), "invalid syntax");
    };
  }

  private static Evaluation constant(Value value) {
    return scope -> value;
  }

  static List<Evaluation> compileAll(List<? extends Expr> expressions, Frame frame) {
    return expressions.stream().map(expression -> compile(expression, frame)).toList();
  }

  private static List<Value> values(List<Evaluation> items, Scope scope) {
    scope.budget().slots(items.size());
    List<Value> values = new ArrayList<>(items.size());
    for (Evaluation item : items) {
      values.add(item.in(scope));
    }
    return values;
  }

  private static Evaluation dict(Expr.DictOf dict, Frame frame) {
    List<Evaluation> keys = compileAll(dict.keys(), frame);
    List<Evaluation> values = compileAll(dict.values(), frame);
    return scope -> {
      Dict made = new Dict();
      for (int i = 0; i < keys.size(); i++) {
        made.put(scope.budget(), keys.get(i).in(scope), values.get(i).in(scope));
      }
      return made;
    };
  }

  private static Evaluation conditional(Expr.Conditional conditional, Frame frame) {
    Evaluation test = compile(conditional.test(), frame);
    Evaluation then = compile(conditional.then(), frame);
    Evaluation otherwise =
        conditional.otherwise() == null
            ? constant(
                Value.Undefined.hint(
                    "the inline if-expression on line %d evaluated to false and no else section was defined."
                        .formatted(conditional.line())))
            : compile(conditional.otherwise(), frame);
    return scope -> Types.truth(test.in(scope)) ? then.in(scope) : otherwise.in(scope);
  }

  private static Evaluation binary(Expr.Binary binary, Frame frame) {
    Evaluation left = compile(binary.left(), frame);
    Evaluation right = compile(binary.right(), frame);
    BinaryOperator operator = binary.operator();
    return scope -> {
      Value value = left.in(scope);
      return Arithmetic.apply(scope.rendering(), operator, value, right.in(scope));
    };
  }

  private static Evaluation logical(Expr.Logical logical, Frame frame) {
    Evaluation left = compile(logical.left(), frame);
    Evaluation right = compile(logical.right(), frame);
    boolean and = logical.and();
    return scope -> {
      scope.budget().step();
      Value value = left.in(scope);
      return Types.truth(value) == and ? right.in(scope) : value;
    };
  }

  private static Evaluation concat(Expr.Concat concat, Frame frame) {
    List<Evaluation> parts = compileAll(concat.parts(), frame);
    return scope -> {
      StringBuilder out = new StringBuilder();
      for (Evaluation part : parts) {
        String text = Repr.text(scope.budget(), part.in(scope));
        scope.budget().text(text.length());
        out.append(text);
      }
      return Value.Str.of(out.toString());
    };
  }

  private static Evaluation compare(Expr.Compare compare, Frame frame) {
    List<Evaluation> operands = compileAll(compare.operands(), frame);
    List<Comparison> operators = compare.operators();
    return scope -> {
      Value left = operands.getFirst().in(scope);
      for (int i = 0; i < operators.size(); i++) {
        Value right = operands.get(i + 1).in(scope);
        if (!Comparing.holds(scope.budget(), operators.get(i), left, right)) {
          return Value.Bool.FALSE;
        }
        left = right;
      }
      return Value.Bool.TRUE;
    };
  }

  private static Evaluation filter(Expr.Filter filter, Frame frame) {
    Evaluation subject =
        filter.subject() == null ? frame.getPrinted() : compile(filter.subject(), frame);
    checkNamed(filter);
    Filter found = Filters.find(filter.name());
    if (found == null) {
      String message = Filters.missing(filter.name());
      return missing(message, filter.line(), frame, Filters.isUnsupported(filter.name()));
    }
    ArgumentsCode arguments = ArgumentsCode.compile(filter.arguments(), frame);
    return scope -> {
      Value value = subject.in(scope);
      scope.budget().step();
      return found.apply(scope.rendering(), value, arguments.in(scope));
    };
  }

  /** Filters that "map" names are looked up late, but what is lacking is known now. */
  private static void checkNamed(Expr.Filter filter) {
    if (filter.name().equals("map")
        && !filter.arguments().positional().isEmpty()
        && filter.arguments().positional().getFirst() instanceof Expr.Const constant
        && constant.value() instanceof Value.Str name
        && Filters.isUnsupported(name.text())) {
      throw JinjaException.syntax(filter.line(), Filters.missing(name.text()));
    }
  }

  private static Evaluation missing(String message, int line, Frame frame, boolean unsupported) {
    if (unsupported || !frame.conditional()) {
      throw JinjaException.syntax(line, message);
    }
    return scope -> {
      throw JinjaException.failure(message);
    };
  }

  private static Evaluation test(Expr.Test test, Frame frame) {
    Evaluation subject = compile(test.subject(), frame);
    ArgumentsCode arguments = ArgumentsCode.compile(test.arguments(), frame);
    Test found = Tests.find(test.name());
    if (found == null) {
      return missing(Tests.missing(test.name()), test.line(), frame, false);
    }
    return scope -> {
      Value value = subject.in(scope);
      scope.budget().step();
      return Value.Bool.of(found.holds(scope.rendering(), value, arguments.in(scope)));
    };
  }

  private static Evaluation call(Expr.Call call, Frame frame) {
    Evaluation callee = compile(call.callee(), frame);
    ArgumentsCode arguments = ArgumentsCode.compile(call.arguments(), frame);
    checkSupported(call);
    int line = call.line();
    return scope -> {
      Value function = callee.in(scope);
      Arguments given = arguments.in(scope);
      scope.rendering().line(line);
      Value result = scope.rendering().call(function, given);
      scope.rendering().line(line);
      return result;
    };
  }

  private static void checkSupported(Expr.Call call) {
    if (call.callee() instanceof Expr.Name name && UNSUPPORTED_FUNCTIONS.contains(name.name())) {
      throw JinjaException.syntax(
          call.line(), "the function '" + name.name() + "' is not supported in chat templates");
    }
    if (call.callee() instanceof Expr.GetAttribute get
        && UNSUPPORTED_METHODS.contains(get.name())) {
      throw JinjaException.syntax(
          call.line(), "the method '" + get.name() + "' is not supported in chat templates");
    }
  }

  private static Evaluation item(Expr.GetItem get, Frame frame) {
    Evaluation owner = compile(get.owner(), frame);
    if (get.index() instanceof Expr.SliceOf slice) {
      Evaluation start = bound(slice.start(), frame);
      Evaluation stop = bound(slice.stop(), frame);
      Evaluation step = bound(slice.step(), frame);
      return scope ->
          Items.slice(
              scope.budget(), owner.in(scope), start.in(scope), stop.in(scope), step.in(scope));
    }
    Evaluation index = compile(get.index(), frame);
    return scope -> {
      Value value = owner.in(scope);
      return Attributes.getItem(scope.rendering(), value, index.in(scope));
    };
  }

  private static Evaluation bound(@Nullable Expr bound, Frame frame) {
    return bound == null ? constant(Value.None.NONE) : compile(bound, frame);
  }
}
