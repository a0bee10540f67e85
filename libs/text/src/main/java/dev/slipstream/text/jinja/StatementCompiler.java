package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Action;
import dev.slipstream.text.jinja.Code.Assignment;
import dev.slipstream.text.jinja.Code.Evaluation;
import dev.slipstream.text.jinja.Code.Flow;
import java.util.ArrayList;
import java.util.List;

/** Compiles statements. */
final class StatementCompiler {
  private StatementCompiler() {}

  static Action compileAll(List<? extends Stmt> statements, Frame frame) {
    List<Action> actions = statements.stream().map(stmt -> compile(stmt, frame)).toList();
    return scope -> {
      for (Action action : actions) {
        Flow flow = action.in(scope);
        if (flow != Flow.NEXT) {
          return flow;
        }
      }
      return Flow.NEXT;
    };
  }

  private static Action compile(Stmt statement, Frame frame) {
    Action action =
        switch (statement) {
          case Stmt.Output output -> output(output, frame);
          case Stmt.Assign assign -> assign(assign, frame);
          case Stmt.AssignBlock block -> assignBlock(block, frame);
          case Stmt.For loop -> LoopCompiler.compile(loop, frame);
          case Stmt.If condition -> condition(condition, frame);
          case Stmt.With with -> with(with, frame);
          case Stmt.Macro macro -> macro(macro, frame);
          case Stmt.CallBlock block -> callBlock(block, frame);
          case Stmt.Generation generation -> generation(generation, frame);
          case Stmt.FilterBlock block -> filterBlock(block, frame);
          case Stmt.Jump jump -> jump(jump, frame);
        };
    int line = statement.line();
    return scope -> {
      scope.budget().step();
      scope.rendering().line(line);
      return action.in(scope);
    };
  }

  private static Action output(Stmt.Output output, Frame frame) {
    List<Action> parts = output.parts().stream().map(part -> print(part, frame)).toList();
    return scope -> {
      for (Action part : parts) {
        part.in(scope);
      }
      return Flow.NEXT;
    };
  }

  private static Action print(Expr part, Frame frame) {
    if (part instanceof Expr.Data data) {
      return scope -> {
        scope.print(data.text());
        return Flow.NEXT;
      };
    }
    Evaluation evaluation = ExpressionCompiler.compile(part, frame);
    int line = part.line();
    return scope -> {
      scope.rendering().line(line);
      scope.print(Repr.text(scope.budget(), evaluation.in(scope)));
      return Flow.NEXT;
    };
  }

  private static Action assign(Stmt.Assign assign, Frame frame) {
    Evaluation value = ExpressionCompiler.compile(assign.value(), frame);
    Assignment target = target(assign.target(), frame);
    List<Evaluation> namespaces =
        assign.target().all().stream()
            .filter(Expr.Attribute.class::isInstance)
            .map(Expr.Attribute.class::cast)
            .map(attribute -> frame.get(attribute.namespace(), attribute.line()))
            .toList();
    return scope -> {
      namespaces.forEach(namespace -> namespace(namespace.in(scope)));
      target.in(scope, value.in(scope));
      return Flow.NEXT;
    };
  }

  private static Value.Namespace namespace(Value value) {
    if (value instanceof Value.Namespace namespace) {
      return namespace;
    }
    throw JinjaException.failure("cannot assign attribute on non-namespace object");
  }

  static Assignment target(Expr target, Frame frame) {
    return switch (target) {
      case Expr.Name name -> frame.set(name.name(), name.line());
      case Expr.Attribute attribute -> {
        Evaluation namespace = frame.get(attribute.namespace(), attribute.line());
        yield (scope, value) ->
            Globals.setAttribute(
                scope.budget(), namespace(namespace.in(scope)), attribute.name(), value);
      }
      case Expr.TupleOf tuple -> {
        List<Assignment> items = tuple.items().stream().map(item -> target(item, frame)).toList();
        yield (scope, value) -> unpack(scope, items, value);
      }
      default -> throw JinjaException.syntax(target.line(), "can't assign to that");
    };
  }

  private static void unpack(Scope scope, List<Assignment> items, Value value) {
    if (!Source.isIterable(value)) {
      throw JinjaException.failure("cannot unpack non-iterable " + Types.name(value) + " object");
    }
    Source source = Source.of(scope.budget(), value);
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      Value next = source.next();
      if (next == null) {
        throw JinjaException.failure(
            "not enough values to unpack (expected %d, got %d)".formatted(items.size(), i));
      }
      values.add(next);
    }
    if (source.next() != null) {
      throw JinjaException.failure("too many values to unpack (expected " + items.size() + ")");
    }
    for (int i = 0; i < items.size(); i++) {
      items.get(i).in(scope, values.get(i));
    }
  }

  private static Action assignBlock(Stmt.AssignBlock block, Frame frame) {
    Frame inner = frame.inner();
    SymbolFinder.enter(inner.symbols(), block.body());
    Action enter = inner.enter();
    Action body = compileAll(block.body(), inner);
    Assignment target = target(block.target(), frame);
    Evaluation value =
        block.filter() == null
            ? inner.getPrinted()
            : ExpressionCompiler.compile(block.filter(), inner);
    int printed = inner.slot(inner.printed());
    return scope -> {
      enter.in(scope);
      return scope.capture(
          body,
          text -> {
            scope.set(printed, Value.Str.of(text));
            target.in(scope, value.in(scope));
          });
    };
  }

  private static Action filterBlock(Stmt.FilterBlock block, Frame frame) {
    Frame inner = frame.inner();
    SymbolFinder.enter(inner.symbols(), block.body());
    SymbolFinder.enter(inner.symbols(), List.of(block.filter()));
    Action enter = inner.enter();
    Action body = compileAll(block.body(), inner);
    Evaluation value = ExpressionCompiler.compile(block.filter(), inner);
    int printed = inner.slot(inner.printed());
    return scope -> {
      enter.in(scope);
      return scope.capture(
          body,
          text -> {
            scope.set(printed, Value.Str.of(text));
            scope.print(Repr.text(scope.budget(), value.in(scope)));
          });
    };
  }

  private static Action with(Stmt.With with, Frame frame) {
    Frame inner = frame.inner();
    SymbolFinder.enter(inner.symbols(), with.targets());
    SymbolFinder.enter(inner.symbols(), with.body());
    Action enter = inner.enter();
    List<Assignment> targets = with.targets().stream().map(t -> target(t, inner)).toList();
    List<Evaluation> values = ExpressionCompiler.compileAll(with.values(), frame);
    Action body = compileAll(with.body(), inner);
    return scope -> {
      enter.in(scope);
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).in(scope, values.get(i).in(scope));
      }
      return body.in(scope);
    };
  }

  private static Action condition(Stmt.If condition, Frame frame) {
    Frame branch = frame.branch();
    List<Evaluation> tests = new ArrayList<>();
    List<Action> bodies = new ArrayList<>();
    tests.add(ExpressionCompiler.compile(condition.test(), branch));
    bodies.add(compileAll(condition.body(), branch));
    for (Stmt.If elif : condition.elifs()) {
      tests.add(ExpressionCompiler.compile(elif.test(), branch));
      bodies.add(compileAll(elif.body(), branch));
    }
    Action otherwise = compileAll(condition.otherwise(), branch);
    return scope -> {
      for (int i = 0; i < tests.size(); i++) {
        scope.budget().step();
        if (Types.truth(tests.get(i).in(scope))) {
          return bodies.get(i).in(scope);
        }
      }
      return otherwise.in(scope);
    };
  }

  private static Action jump(Stmt.Jump jump, Frame frame) {
    if (!frame.inLoop()) {
      throw JinjaException.syntax(
          jump.line(), (jump.ends() ? "'break'" : "'continue'") + " outside loop");
    }
    Flow flow = jump.ends() ? Flow.BREAK : Flow.CONTINUE;
    return scope -> flow;
  }

  private static Action macro(Stmt.Macro macro, Frame frame) {
    MacroCode code =
        MacroCode.compile(
            macro.name(), macro.parameters(), macro.defaults(), macro.body(), macro.line(), frame);
    Assignment target = frame.set(macro.name(), macro.line());
    return scope -> {
      target.in(scope, new Macro(code, scope));
      return Flow.NEXT;
    };
  }

  private static Action callBlock(Stmt.CallBlock block, Frame frame) {
    MacroCode code =
        MacroCode.compile(
            null, block.parameters(), block.defaults(), block.body(), block.line(), frame);
    Expr.Call call = block.call();
    Evaluation callee = ExpressionCompiler.compile(call.callee(), frame);
    ArgumentsCode arguments = ArgumentsCode.compile(call.arguments(), frame);
    return scope -> {
      Macro caller = new Macro(code, scope);
      Value function = callee.in(scope);
      Arguments given = arguments.in(scope).with("caller", caller);
      scope.print(Repr.text(scope.budget(), scope.rendering().call(function, given)));
      return Flow.NEXT;
    };
  }

  /** To jinja2 it is a call of a function of an extension, with the body as its caller. */
  private static Action generation(Stmt.Generation generation, Frame frame) {
    MacroCode code =
        MacroCode.compile(null, List.of(), List.of(), generation.body(), generation.line(), frame);
    return scope -> {
      Macro caller = new Macro(code, scope);
      scope.print(Repr.text(scope.budget(), caller.call(scope.rendering(), Arguments.NONE)));
      return Flow.NEXT;
    };
  }
}
