package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Expr.CallArguments;
import dev.slipstream.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses what follows an operand: attributes, elements, calls, filters and tests. */
final class CallParser {

  private static final Set<String> OPENING = Set.of("(", "[", "{");
  private static final Set<String> NO_ARGUMENT = Set.of("else", "or", "and");

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  CallParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expr postfix(Expr operand) {
    Expr node = operand;
    while (true) {
      Token token = tokens.current();
      if (token.isOperator(".")) {
        node = attribute(node);
      } else if (token.isOperator("[")) {
        node = subscript(node);
      } else if (token.isOperator("(")) {
        node = expressions.made(new Expr.Call(node, arguments(), token.line()));
      } else {
        return node;
      }
    }
  }

  private Expr attribute(Expr owner) {
    int line = tokens.next().line();
    Token name = tokens.next();
    return switch (name.kind()) {
      case NAME -> expressions.made(new Expr.GetAttribute(owner, name.text(), line));
      case INTEGER ->
          expressions.made(
              new Expr.GetItem(owner, new Expr.Const(NumberLiteral.value(name), line), line));
      default -> throw JinjaException.syntax(name.line(), "expected name or number");
    };
  }

  private Expr subscript(Expr owner) {
    int line = tokens.next().line();
    List<Expr> indices = new ArrayList<>();
    while (!tokens.current().isOperator("]")) {
      if (!indices.isEmpty()) {
        tokens.expectOperator(",");
      }
      indices.add(index());
    }
    tokens.next();
    Expr index =
        indices.size() == 1
            ? indices.getFirst()
            : expressions.made(new Expr.TupleOf(indices, line));
    return expressions.made(new Expr.GetItem(owner, index, line));
  }

  private Expr index() {
    int line = tokens.current().line();
    Expr start = null;
    if (!tokens.current().isOperator(":")) {
      start = expressions.expression();
      if (!tokens.current().isOperator(":")) {
        return start;
      }
    }
    tokens.next();
    Expr stop = bound();
    Expr step = tokens.skipOperator(":") ? bound() : null;
    return expressions.made(new Expr.SliceOf(start, stop, step, line));
  }

  private @Nullable Expr bound() {
    Token token = tokens.current();
    boolean absent = token.isOperator(":") || token.isOperator("]") || token.isOperator(",");
    return absent ? null : expressions.expression();
  }

  Expr filters(Expr operand) {
    Expr node = operand;
    while (true) {
      Token token = tokens.current();
      if (token.isOperator("|")) {
        tokens.next();
        node = filter(node);
      } else if (token.isName("is")) {
        node = test(node);
      } else if (token.isOperator("(")) {
        node = expressions.made(new Expr.Call(node, arguments(), token.line()));
      } else {
        return node;
      }
    }
  }

  /**
   * One filter, from its name on.
   *
   * @param subject null for a block
   */
  Expr.Filter filter(@Nullable Expr subject) {
    int line = tokens.current().line();
    String name = dottedName();
    CallArguments arguments = tokens.current().isOperator("(") ? arguments() : CallArguments.NONE;
    return expressions.made(new Expr.Filter(subject, name, arguments, line));
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME).text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Kind.NAME).text());
    }
    return name.toString();
  }

  private Expr test(Expr subject) {
    int line = tokens.next().line();
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    Expr test = expressions.made(new Expr.Test(subject, name, testArguments(), line));
    return negated ? expressions.made(new Expr.Not(test, line)) : test;
  }

  private CallArguments testArguments() {
    Token token = tokens.current();
    if (token.isOperator("(")) {
      return arguments();
    }
    boolean given =
        switch (token.kind()) {
          case NAME -> !NO_ARGUMENT.contains(token.text());
          case STRING, INTEGER, FLOAT -> true;
          case OPERATOR -> OPENING.contains(token.text());
          default -> false;
        };
    if (!given) {
      return CallArguments.NONE;
    }
    if (token.isName("is")) {
      throw JinjaException.syntax(token.line(), "You cannot chain multiple tests with is");
    }
    Expr argument = postfix(expressions.primary(false));
    return new CallArguments(List.of(argument), List.of(), null, null);
  }

  private CallArguments arguments() {
    int line = tokens.expectOperator("(").line();
    List<Expr> positional = new ArrayList<>();
    List<Expr.Keyword> named = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Expr rest = null;
    Expr namedRest = null;
    for (boolean first = true; another(first); first = false) {
      if (tokens.skipOperator("*")) {
        check(rest == null && namedRest == null, line);
        rest = expressions.expression();
      } else if (tokens.skipOperator("**")) {
        check(namedRest == null, line);
        namedRest = expressions.expression();
      } else if (tokens.current().is(Kind.NAME) && tokens.following().isOperator("=")) {
        check(namedRest == null && names.add(tokens.current().text()), line);
        named.add(keyword());
      } else {
        check(rest == null && namedRest == null && named.isEmpty(), line);
        positional.add(expressions.expression());
      }
    }
    return new CallArguments(positional, named, rest, namedRest);
  }

  /** Whether another argument comes; takes the comma before it, or the end. */
  private boolean another(boolean first) {
    if (!first && !tokens.current().isOperator(")")) {
      tokens.expectOperator(",");
    }
    return !tokens.skipOperator(")");
  }

  private Expr.Keyword keyword() {
    String name = tokens.next().text();
    tokens.next();
    return new Expr.Keyword(name, expressions.expression());
  }

  private static void check(boolean valid, int line) {
    if (!valid) {
      throw JinjaException.syntax(line, "invalid syntax for function call expression");
    }
  }
}
