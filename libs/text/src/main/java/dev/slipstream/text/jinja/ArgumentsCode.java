package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Code.Evaluation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Code of the arguments of a call.
 *
 * @param rest null if there is none; likewise namedRest
 */
record ArgumentsCode(
    List<Evaluation> positional,
    Map<String, Evaluation> named,
    @Nullable Evaluation rest,
    @Nullable Evaluation namedRest) {

  static ArgumentsCode compile(Expr.CallArguments arguments, Frame frame) {
    Map<String, Evaluation> named = new LinkedHashMap<>();
    arguments
        .named()
        .forEach(
            keyword ->
                named.put(keyword.name(), ExpressionCompiler.compile(keyword.value(), frame)));
    return new ArgumentsCode(
        ExpressionCompiler.compileAll(arguments.positional(), frame),
        named,
        optional(arguments.rest(), frame),
        optional(arguments.namedRest(), frame));
  }

  private static @Nullable Evaluation optional(@Nullable Expr expression, Frame frame) {
    return expression == null ? null : ExpressionCompiler.compile(expression, frame);
  }

  Arguments in(Scope scope) {
    if (positional.isEmpty() && named.isEmpty() && rest == null && namedRest == null) {
      return Arguments.NONE;
    }
    List<Value> values = new ArrayList<>(positional.size());
    for (Evaluation argument : positional) {
      values.add(argument.in(scope));
    }
    Map<String, Value> byName = new LinkedHashMap<>();
    named.forEach((name, argument) -> byName.put(name, argument.in(scope)));
    if (rest != null) {
      values.addAll(Source.list(scope.budget(), rest.in(scope)));
    }
    if (namedRest != null) {
      addNamed(scope.budget(), namedRest.in(scope), byName);
    }
    return new Arguments(values, byName);
  }

  private static void addNamed(Budget budget, Value mapping, Map<String, Value> byName) {
    if (!(mapping instanceof Dict dict)) {
      throw JinjaException.failure(
          "argument after ** must be a mapping, not " + Types.name(mapping));
    }
    budget.slots(2L * dict.size());
    for (Dict.Entry entry : dict.entries()) {
      if (!(entry.key() instanceof Value.Str name)) {
        throw JinjaException.failure("keywords must be strings");
      }
      if (byName.put(name.text(), entry.value()) != null) {
        throw JinjaException.failure(
            "got multiple values for keyword argument '" + name.text() + "'");
      }
    }
  }
}
