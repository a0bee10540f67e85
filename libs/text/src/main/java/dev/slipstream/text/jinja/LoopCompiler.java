package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Action;
import dev.slipstream.text.jinja.Code.Assignment;
import dev.slipstream.text.jinja.Code.Evaluation;
import dev.slipstream.text.jinja.Code.Flow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compiles "for". */
final class LoopCompiler {

  private final Evaluation items;
  private final @Nullable Condition condition;
  private final Routine routine;
  private final Assignment target;
  private final Action enter;
  private final Action body;
  private final Action enterElse;
  private final Action otherwise;
  private final boolean recursive;
  private final int height;

  /** Where the variable "loop" is, or -1 if nothing uses it. */
  private final int loopSlot;

  private LoopCompiler(Stmt.For loop, Frame frame) {
    this.items = ExpressionCompiler.compile(loop.items(), frame);
    this.condition = loop.test() == null ? null : new Condition(loop, loop.test(), frame);
    Frame inner = loop.recursive() ? frame.loopRoutine() : frame.loop();
    this.routine = inner.symbols().routine();
    this.loopSlot = usesLoop(loop) ? inner.slot(inner.symbols().parameter("loop")) : -1;
    SymbolFinder.enterTarget(inner.symbols(), loop.target());
    SymbolFinder.enter(inner.symbols(), loop.body());
    this.target = StatementCompiler.target(loop.target(), inner);
    this.enter = inner.enter();
    this.body = StatementCompiler.compileAll(loop.body(), inner);
    Frame elseFrame = inner.sister(frame, !loop.recursive() && frame.inLoop());
    SymbolFinder.enter(elseFrame.symbols(), loop.otherwise());
    this.enterElse = elseFrame.enter();
    this.otherwise = StatementCompiler.compileAll(loop.otherwise(), elseFrame);
    this.recursive = loop.recursive();
    this.height = loop.height();
  }

  static Action compile(Stmt.For loop, Frame frame) {
    for (Node node : loop.all()) {
      if (node instanceof Expr.Name(String name, Expr.Use use, int line)
          && use == Expr.Use.STORE
          && name.equals("loop")) {
        throw JinjaException.syntax(
            line, "Can't assign to special loop variable in for-loop target");
      }
    }
    LoopCompiler code = new LoopCompiler(loop, frame);
    return loop.recursive() ? code::runRecursive : code::runInPlace;
  }

  private static boolean usesLoop(Stmt.For loop) {
    return loop.recursive() || !SymbolFinder.undeclared(loop.body(), "loop").isEmpty();
  }

  private Flow runInPlace(Scope scope) {
    return run(scope, scope, items.in(scope), 0);
  }

  private Flow runRecursive(Scope scope) {
    scope.print(recurse(scope, items.in(scope), 0));
    return Flow.NEXT;
  }

  private String recurse(Scope scope, Value items, int depth) {
    scope.budget().descend(height);
    Scope inner = new Scope(scope.rendering(), routine, scope);
    run(scope, inner, items, depth);
    scope.budget().ascend(height);
    return inner.printed();
  }

  /**
   * @param around where the loop is
   * @param scope where its variables are
   * @param depth how many times the loop called itself
   */
  private Flow run(Scope around, Scope scope, Value items, int depth) {
    Budget budget = scope.budget();
    Source all = Source.of(budget, items);
    Source chosen = condition == null ? all : condition.choose(around, all);
    Loop loop = null;
    if (loopSlot >= 0) {
      long length = condition == null && Types.hasLength(items) ? Types.length(budget, items) : -1;
      Loop.Recursion recursion = recursive ? inner -> recurse(around, inner, depth + 1) : null;
      loop = new Loop(budget, chosen, length, depth, recursion);
      chosen = loop::advance;
    }
    boolean completed = false;
    for (Value item; (item = chosen.next()) != null; ) {
      target.in(scope, item);
      if (loop != null) {
        scope.set(loopSlot, loop);
      }
      enter.in(scope);
      Flow flow = body.in(scope);
      if (flow == Flow.BREAK) {
        break;
      }
      // So it is in jinja2: an item that is left early does not count.
      completed |= flow == Flow.NEXT;
    }
    if (completed) {
      return Flow.NEXT;
    }
    enterElse.in(scope);
    return otherwise.in(scope);
  }

  /** The condition of a loop, which jinja2 makes a generator of. */
  private static final class Condition {
    private final Routine routine;
    private final Assignment target;
    private final Evaluation item;
    private final Action enter;
    private final Evaluation test;

    Condition(Stmt.For loop, Expr condition, Frame frame) {
      Frame inner = frame.routine();
      SymbolFinder.enterTarget(inner.symbols(), loop.target());
      SymbolFinder.enter(inner.symbols(), List.of(condition));
      this.routine = inner.symbols().routine();
      this.target = StatementCompiler.target(loop.target(), inner);
      this.item = read(loop.target(), inner);
      this.enter = inner.enter();
      this.test = ExpressionCompiler.compile(condition, inner);
    }

    /** What was assigned to a target, which may have taken an iterator apart. */
    private static Evaluation read(Expr target, Frame frame) {
      return switch (target) {
        case Expr.Name name -> frame.get(name.name(), name.line());
        case Expr.TupleOf tuple -> {
          List<Evaluation> items = tuple.items().stream().map(t -> read(t, frame)).toList();
          yield scope ->
              new Value.Tuple(items.stream().map(item -> item.in(scope)).toList(), false);
        }
        default -> throw JinjaException.syntax(target.line(), "can't assign to that");
      };
    }

    Source choose(Scope around, Source source) {
      Scope scope = new Scope(around.rendering(), routine, around);
      boolean[] entered = {false};
      return () -> {
        if (!entered[0]) {
          enter.in(scope);
          entered[0] = true;
        }
        for (Value next; (next = source.next()) != null; ) {
          target.in(scope, next);
          if (Types.truth(test.in(scope))) {
            return item.in(scope);
          }
        }
        return null;
      };
    }
  }
}
